import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from desktop_app.cli.command import main
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.exports.set_table import table_lines
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.project_jsonl import header_line, line_of
from desktop_app.core.examples.shared_instructions import SharedInstructions

INPUTS = Path(__file__).parents[3] / "shared" / "reference" / "inputs"
CITIES = ("Bonn", "Lyon", "Turin", "Gdansk", "Porto", "Ghent", "Malmo", "Brno", "Split", "Cork")
THINGS = ("mug", "table", "lamp", "jersey", "voucher", "kettle", "chair", "carpet", "clock", "bowl")
Check = Callable[..., tuple[int, list[dict[str, Any]]]]


def example(n: int, reply: str = "") -> Conversation:
    thing, city = THINGS[n % 10], CITIES[n // 10 % 10]
    question = f"When will the {thing} that I ordered last week arrive in {city}?"
    answer = reply or f"Your {thing} left our depot today. In {city} it is delivered tomorrow."
    return Conversation((Message("user", question), Message("assistant", answer)))


def jsonl(conversations: Sequence[Conversation]) -> bytes:
    return "".join(line(conversation) + "\n" for conversation in conversations).encode()


GOOD = [example(n) for n in range(60)]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks bytes as a file; returns the exit status and the findings."""

    def run(data: bytes, *options: str) -> tuple[int, list[dict[str, Any]]]:
        path = tmp_path / "examples"
        path.write_bytes(data)
        status = main(["check", str(path), "--json", *options])
        return status, json.loads(capsys.readouterr().out)

    return run


def codes(found: list[dict[str, Any]], severity: str = "blocks") -> list[tuple[object, object]]:
    return [(f["line"], f["code"]) for f in found if f["severity"] == severity]


def test_a_good_file(check: Check) -> None:
    status, found = check(jsonl(GOOD))
    assert (status, codes(found)) == (0, [])


def test_a_finding_has_its_line_its_words_and_its_fix(check: Check) -> None:
    bad = Conversation((Message("user", "Where?", weight=1), Message("assistant", "There it is.")))
    status, found = check(jsonl([*GOOD[:3]]) + b"\n" + jsonl([bad, *GOOD[3:]]))
    assert status == 1
    (blocking,) = [f for f in found if f["severity"] == "blocks"]
    assert blocking.keys() == {"line", "severity", "code", "message", "fix"}
    assert (blocking["line"], blocking["code"]) == (5, "weight_on_non_assistant")
    assert "Message 1 has a weight" in blocking["message"]
    assert blocking["fix"] == "Remove the weight"


def test_lines_that_no_service_reads(check: Check) -> None:
    broken = b'{"messages": [{"role": "user", "content": "q"},]}\nnonsense\n'
    other = b'{"prompt": "Where?", "completion": "There."}\n'
    status, found = check(jsonl(GOOD) + broken + other)
    assert status == 1
    blocking = [f for f in found if f["severity"] == "blocks"]
    assert [f["line"] for f in blocking] == [61, 62, 63]
    assert [f["fix"] for f in blocking] == [
        "exemplar convert --mend FILE OUT",
        None,
        "exemplar convert FILE OUT",
    ]


def test_too_few_is_said_of_the_whole_set(check: Check) -> None:
    status, found = check(jsonl(GOOD[:7]))
    assert (status, codes(found)) == (1, [(None, "too_few_examples")])
    assert "here are 7" in next(f["message"] for f in found if f["line"] is None)


def test_advice_on_the_set_blocks_nothing(check: Check) -> None:
    twins = [example(n, "It is already there, look behind the door.") for n in (61, 62)]
    same = Conversation((*twins[0].messages[:1], Message("assistant", "We do not know yet.")))
    status, found = check(jsonl([*GOOD, GOOD[4], *twins, same]))
    assert status == 0
    advice = {f["code"]: f for f in found if f["line"] is None}
    assert "(line 61)" in advice["duplicate"]["message"]
    assert "(lines 62, 64)" in advice["contradiction"]["message"]


def test_services_and_methods_have_their_own_rules(check: Check) -> None:
    twice = Conversation((Message("user", "Hello."), *GOOD[0].messages))
    data = jsonl([twice, *GOOD])
    assert codes(check(data)[1]) == []
    assert codes(check(data, "--service", "foundry")[1]) == [(1, "same_role_twice")]
    status, found = check(jsonl(GOOD), "--method", "dpo")
    assert status == 1
    assert (None, "no_preferences") in codes(found)


def test_what_is_no_chat_jsonl_is_to_be_converted(check: Check) -> None:
    as_array = b"[" + jsonl(GOOD).replace(b"\n", b",")[:-1] + b"]"
    for data, code in (
        (as_array, "wrong_format"),
        (jsonl(GOOD).decode().encode("utf-16"), "not_utf8"),
    ):
        status, found = check(data)
        assert (status, codes(found)) == (1, [(None, code)])
        assert found[0]["fix"] == "exemplar convert FILE OUT"


def test_a_byte_order_mark_blocks_where_it_is_not_asked_for(check: Check) -> None:
    data = b"\xef\xbb\xbf" + jsonl(GOOD)
    assert codes(check(data)[1]) == [(1, "byte_order_mark")]
    assert codes(check(data, "--service", "foundry")[1]) == []


def test_a_table_is_checked_by_its_rows(check: Check) -> None:
    rows = [f"Where is parcel {n}?,It is on its way to you." for n in range(12)]
    data = "\n".join(["question,answer", *rows, "What about this?,", "", ","]).encode()
    status, found = check(data)
    assert status == 1
    assert (14, "empty_reply") in codes(found)


def test_our_own_exports(check: Check) -> None:
    items = [
        Imported(c, n, tags=("a",), split="test" if n > 55 else "training")
        for n, c in enumerate([*GOOD, GOOD[0]], 1)
    ]
    project = [header_line(SharedInstructions("Be kind.")), *map(line_of, items)]
    _, found = check("\n".join(project).encode())
    assert codes(found) == [(None, "wrong_format")]
    assert " 62)" in next(f["message"] for f in found if f["code"] == "overlap")
    assert codes(check("".join(table_lines(items)).encode())[1]) == [(None, "wrong_format")]


def test_lines_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "few.jsonl"
    path.write_bytes(jsonl(GOOD[:7]))
    assert main(["check", str(path)]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("the whole set: blocks: There are too few training conversations.")
    assert last.startswith("7 examples: 1 blocking, ")


def test_what_comes_again_and_again_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.csv"
    rows = [f'"When will the parcel of order {n} be here, please?",delivery' for n in range(1500)]
    path.write_text("\n".join(["text,category", *rows]), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) < 40
    assert "rows 12 to 1501: blocks: 1,490 more like these: No reply to learn from." in out
    assert out.splitlines()[-1].startswith("1,500 examples: 1,501 blocking")
    assert err == (
        "exemplar: Columns, as guessed: “text” = user, “category” = tag. None looks like the "
        "replies.\n"
    )


def test_what_stands_twice_in_a_message_is_said_once(check: Check) -> None:
    reply = "Write to help@parcels.example or once more to help@parcels.example, please."
    _, found = check(jsonl([*GOOD, example(60, reply)]))
    assert [f["code"] for f in found if f["line"] == 61] == ["email_address"]


def test_records_of_an_array_have_no_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "array.json"
    items = [{"prompt": "Where?", "completion": " "}, *[{"prompt": "a", "completion": "b"}] * 12]
    path.write_text(json.dumps(items, indent=1), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("the whole set: blocks: This is a file of prompts and completions. ")
    assert "\nexample 1: blocks: " in out
    assert "(examples 3, 4, 5," in out


def test_the_form_that_is_wanted_is_that_of_the_method(check: Check) -> None:
    _, found = check(b"question,answer\nWhere is it?,Here.\n", "--method", "dpo")
    assert "“non_preferred_output”" in found[0]["message"]


def test_a_workbook_by_its_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("April").append(["question", "answer"])
    book["April"].append(["Where is it?", "On its way to you."])
    file = io.BytesIO()
    book.save(file)
    path = tmp_path / "book.xlsx"
    path.write_bytes(file.getvalue())
    assert main(["check", str(path)]) == 2
    assert main(["check", str(path), "--sheet", "April"]) == 1
    assert "row 2" not in capsys.readouterr().err
    assert main(["check", str(path), "--sheet", "May"]) == 2
    assert "no sheet “May”. Its sheets: “Sheet”, “April”." in capsys.readouterr().err
    assert main(["check", str(path)]) == 2
    assert "--sheet names one" in capsys.readouterr().err


def test_sheets_are_for_workbooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes(jsonl(GOOD))
    assert main(["check", str(path), "--sheet", "April"]) == 2
    assert "Leave --sheet out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ishidahra01_osaka_ja_train.jsonl", "jacopkane_tictactoe.jsonl"])
def test_files_of_strangers_that_services_took(name: str) -> None:
    path = INPUTS / name
    if not path.exists():
        pytest.skip("the files of strangers are not here")
    assert main(["check", str(path)]) == 0
