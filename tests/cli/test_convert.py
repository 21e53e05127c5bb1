import io
import sys
from pathlib import Path

import pytest

from desktop_app.cli import convert as converting
from desktop_app.cli.command import main
from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.project_jsonl import header_line, line_of
from desktop_app.core.examples.shared_instructions import SharedInstructions

INPUTS = Path(__file__).parents[3] / "shared" / "reference" / "inputs"
GOOD = '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}'


def converted(path: Path, *options: str) -> list[Conversation]:
    out = path.with_name("out.jsonl")
    main(["convert", str(path), str(out), *options])
    return [parse_line(text) for text in out.read_text(encoding="utf-8").splitlines()]


def test_a_table_becomes_chat_jsonl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("Frage;Antwort\nWo, bitte?;Hier, größer.\n;\nund;\n".encode("cp1252"))
    found = converted(path)
    assert [[m.content for m in c.messages] for c in found] == [
        ["Wo, bitte?", "Hier, größer."],
        ["und", ""],
    ]
    assert "“Frage” = user, “Antwort” = assistant.\n" in capsys.readouterr().err


def test_what_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(f"{GOOD}\n\x1b[31mnonsense\n{GOOD[:-1]},}}\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["convert", str(path), str(out)]) == 1
    assert out.read_text(encoding="utf-8") == GOOD + "\n"
    told = capsys.readouterr().err
    assert "line 2: " in told
    assert "?[31mnonsense" in told
    assert told.endswith(
        "1 conversation written; 2 could not be read. --mend would mend 1 of them.\n"
    )


def test_mending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "slips.jsonl"
    path.write_text(f"{GOOD}\n{GOOD[:-1]},}}\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert main(["convert", "--mend", str(path), str(out)]) == 0
    assert out.read_text(encoding="utf-8") == f"{GOOD}\n" * 2
    assert "2 conversations written (1 mended)." in capsys.readouterr().err


def test_where_nothing_but_mends_would_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "python.jsonl"
    path.write_text("{'prompt': 'a', 'completion': 'b'}\n" * 3, encoding="utf-8")
    assert main(["convert", str(path), str(tmp_path / "out.jsonl")]) == 2
    assert "nothing was written. --mend would mend 3 of them.\n" in capsys.readouterr().err


def test_columns_and_remarks_that_are_left_out_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table.csv"
    row = "Where is my parcel?,2026-03-01,It is on its way.,delivery"
    path.write_text(f"Customer wrote,Date,Our answer,Topic\n{row}\n", encoding="utf-8")
    assert len(converted(path)) == 1
    told = capsys.readouterr().err
    assert "“Topic” = tag; left out: “Date”.\n" in told
    assert "Tags, ratings, notes" in told


def test_standard_input_and_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"question,answer\n" + b"1 one,2 two\n" * 9))
    )
    assert main(["convert", "-", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 9


def test_the_instructions_of_a_project_are_applied(tmp_path: Path) -> None:
    path = tmp_path / "project.jsonl"
    shared = SharedInstructions("Be kind.", {"x": "Be brief."})
    items = [Imported(parse_line(GOOD), 1, tags=tags) for tags in ((), ("x",))]
    path.write_text("\n".join([header_line(shared), *map(line_of, items)]), encoding="utf-8")
    found = converted(path)
    assert [c.messages[0].content for c in found] == ["Be kind.", "Be brief."]
    assert all(c.extra == "" for c in found)


def test_nothing_read_leaves_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    path.write_text('{"messages": 1}\n{"messages": 2}\n', encoding="utf-8")
    out.write_text("old", encoding="utf-8")
    assert main(["convert", str(path), str(out)]) == 2
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jsonl", "out.jsonl"]
    assert "nothing was written" in capsys.readouterr().err


def test_a_file_is_not_replaced_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "same.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    assert main(["convert", str(path), str(path)]) == 2
    assert path.read_text(encoding="utf-8") == GOOD


def test_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    missing = tmp_path / "no folder" / "out.jsonl"
    assert main(["convert", str(path), str(missing)]) == 2
    assert capsys.readouterr().err == f"exemplar: {missing}: There is no such file or folder.\n"
    assert main(["convert", str(path), str(tmp_path)]) == 2


def test_a_full_disk_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_conversation: Conversation) -> str:
        raise OSError(28, "No space left on device")

    path = tmp_path / "good.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(converting, "line", full)
    assert main(["convert", str(path), str(tmp_path / "out.jsonl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["good.jsonl"]


@pytest.mark.parametrize(
    ("name", "n_conversations"),
    [
        ("d01_bom_crlf.jsonl", 63),
        ("d02_utf16le_bom.jsonl", 62),
        ("d03_array_with_trailing_commas.jsonl", 62),
        ("d04_pretty_printed_objects.jsonl", 62),
        ("d08_excel_semicolon_cp1252.csv", 399),
        ("michaelinzo_prompt_completion_crlf.jsonl", 10),
        ("fastchat_dummy_conversation.json", 500),
        ("llamafactory_alpaca_zh.json", 1000),
        ("llamafactory_dpo_en.json", 300),
        ("llamafactory_glaive_toolcall_en.json", 300),
    ],
)
def test_files_of_strangers(name: str, n_conversations: int, tmp_path: Path) -> None:
    source = INPUTS / name
    if not source.exists():
        pytest.skip("the files of strangers are not here")
    out = tmp_path / "out.jsonl"
    assert main(["convert", str(source), str(out)]) == 0
    found = [parse_line(text) for text in out.read_bytes().splitlines()]
    assert len(found) == n_conversations
