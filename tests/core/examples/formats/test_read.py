import io
import json

import pytest

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from tests.core.examples.formats.reading import GOOD, RECORD, numbers, only_rejected, read, said

PRETTY = json.dumps(RECORD, indent=2)
TRICKY = json.dumps({"messages": [{"role": "user", "content": "a]}\\\"[{ \u2028 it's"}]})


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}\n\n \r\n{TRICKY}\r\n{GOOD}",
        f"\ufeff{GOOD}\n{TRICKY}\n\n\n{GOOD}\n",
    ],
)
def test_lines_are_counted_with_the_blank_ones(text: str) -> None:
    items = read(text)
    assert [said(item) for item in items] == [said(i) for i in read(f"{GOOD}\n{TRICKY}\n{GOOD}")]
    assert items[-1].number == text.rstrip().count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        f"[{GOOD},{TRICKY},{GOOD}]",
        f"[\n{GOOD},\n{TRICKY},\n{GOOD},\n]\n",
        json.dumps([json.loads(t) for t in (GOOD, TRICKY, GOOD)], indent=4, ensure_ascii=False),
        f"{PRETTY}\n{TRICKY}\n\n{PRETTY}",
        f"\ufeff{PRETTY},{TRICKY},\n{PRETTY}",
    ],
)
def test_records_that_stand_on_no_lines_of_their_own(text: str) -> None:
    items = read(text)
    assert numbers(items) == [(1, True), (2, True), (3, True)]
    assert isinstance(items[1], Imported)
    assert items[1].conversation == parse_line(TRICKY)


@pytest.mark.parametrize(
    "broken",
    [
        PRETTY.replace('On its way."', "On its way."),
        PRETTY[:-1],
        PRETTY[: len(PRETTY) // 2],
        PRETTY.replace("user", 'us"er'),
    ],
)
def test_a_broken_object_costs_only_itself(broken: str) -> None:
    assert numbers(read(f"{PRETTY}\n{broken}\n{PRETTY}\n{PRETTY}")) == [
        (1, True), (2, False), (3, True), (4, True),
    ]  # fmt: skip
    in_list = f"[\n{PRETTY},\n{broken},\n{PRETTY}\n]"
    assert numbers(read(in_list)) == [(1, True), (2, False), (3, True)]


def test_what_is_no_object_in_a_list_is_a_record_all_the_same() -> None:
    items = read(f'[{GOOD}, 5, "x, y", null, {GOOD}]')
    assert numbers(items) == [(1, True), (2, False), (3, False), (4, False), (5, True)]
    assert [item.text for item in items if isinstance(item, Rejected)] == ["5", '"x, y"', "null"]


def test_each_record_is_read_by_its_own_shape() -> None:
    others = [
        {"prompt": "Where?", "completion": "Here."},
        {
            "conversations": [
                {"from": "human", "value": "Where?"},
                {"from": "gpt", "value": "Here."},
            ]
        },
        {"instruction": "Where?", "output": "Here."},
    ]
    items = read("\n".join([GOOD, *map(json.dumps, others)]))
    assert [said(item) for item in items[1:]] == [[("user", "Where?"), ("assistant", "Here.")]] * 3


def test_the_user_may_overrule_what_a_record_is() -> None:
    both = RECORD | {"instruction": "Where?", "output": "Here."}
    data = json.dumps(both).encode()
    assert detect(data).format is Format.CHAT
    (as_chat,) = read(data)
    assert said(as_chat)[0] == ("user", "Where is my parcel?")
    (as_alpaca,) = read(data, Detected(Format.ALPACA, container=Container.LINES))
    assert said(as_alpaca)[0] == ("user", "Where?")


def test_a_rejection_shows_where_and_why() -> None:
    record = {
        "messages": [{"role": "user", "content": "x" * 900}, {"role": "assistant", "weight": ""}]
    }
    rejected = only_rejected(read(f"{GOOD}\n\n{json.dumps(record)}"))
    assert (rejected.number, rejected.reason, rejected.mended) == (3, "wrong_type", None)
    assert rejected.detail == "Message 2: “weight” is text where a number is expected."
    assert rejected.text == json.dumps(record)[:500]
    unknown = only_rejected(read(f'{GOOD}\n{{"text":"x","id":1}}'))
    assert unknown.reason == "unknown_keys"
    assert unknown.detail.endswith("found: “text”, “id”.")


def test_the_last_of_two_equal_keys_counts_as_with_json() -> None:
    (item,) = read('{"prompt":"a","prompt":"b","completion":"c"}')
    assert said(item)[0] == ("user", "b")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_rejected(word: str) -> None:
    assert only_rejected(read(f'{GOOD}\n{GOOD[:-1]},"x":{word}}}')).reason == "not_json"


def test_mojibake_is_repaired_only_if_asked_and_only_in_messages() -> None:
    line = '{"messages":[{"role":"user","content":"GrÃ¼ÃŸe"}],"note":"GrÃ¼ÃŸe"}'
    data = f"{line}\n{line},".encode()
    plain = read(data)
    assert said(plain[0]) == [("user", "GrÃ¼ÃŸe")]
    items = list(read_examples(io.BytesIO(data), detect(data), repair_mojibake=True))
    assert said(items[0]) == [("user", "Grüße")]
    assert isinstance(items[1], Rejected)
    assert said(items[1].mended) == [("user", "Grüße")]
    assert isinstance(items[0], Imported)
    assert json.loads(items[0].conversation.extra) == {"note": "GrÃ¼ÃŸe"}


def test_repair_reaches_parts_and_both_replies() -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "fÃ¼r â€œihnâ€\x9d"}]}
    record = {"input": {"messages": [message]},
              "preferred_output": [{"role": "assistant", "content": "schÃ¶n"}],
              "non_preferred_output": [{"role": "assistant", "content": None}]}  # fmt: skip
    data = json.dumps(record).encode()
    (item,) = read_examples(io.BytesIO(data), detect(data), repair_mojibake=True)
    assert said(item) == [("user", "für “ihn”"), ("assistant", "schön"), ("assistant", "")]


@pytest.mark.parametrize("format_", [Format.TABLE, Format.XLSX])
def test_tables_are_read_elsewhere(format_: Format) -> None:
    with pytest.raises(ValueError, match="table"):
        read_examples(io.BytesIO(), Detected(format_))
