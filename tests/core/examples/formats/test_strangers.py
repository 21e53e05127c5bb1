from pathlib import Path

import pytest

from desktop_app.core.examples.chat_jsonl import line, parse_line
from desktop_app.core.examples.formats.detect import HEAD, detect
from desktop_app.core.examples.formats.format import Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected

INPUTS = Path(__file__).parents[5] / "shared" / "reference" / "inputs"

pytestmark = pytest.mark.skipif(
    not INPUTS.is_dir(), reason="the files of strangers are not at hand"
)


@pytest.mark.parametrize(
    ("name", "format_", "n_read", "n_mended"),
    [
        ("ederson_medical_reports.jsonl", Format.CHAT, 525, 0),
        ("ishidahra01_osaka_ja_train.jsonl", Format.CHAT, 63, 0),
        ("jacopkane_tictactoe.jsonl", Format.CHAT, 62, 0),
        ("michaelinzo_prompt_completion_crlf.jsonl", Format.PROMPT_COMPLETION, 10, 0),
        ("llamafactory_glaive_toolcall_en.json", Format.SHAREGPT, 300, 0),
        ("llamafactory_alpaca_zh.json", Format.ALPACA, 1000, 0),
        ("llamafactory_dpo_en.json", Format.PREFERENCE, 300, 0),
        ("fastchat_dummy_conversation.json", Format.SHAREGPT, 500, 0),
        ("d01_bom_crlf.jsonl", Format.CHAT, 63, 0),
        ("d02_utf16le_bom.jsonl", Format.CHAT, 62, 0),
        ("d03_array_with_trailing_commas.jsonl", Format.CHAT, 62, 0),
        ("d04_pretty_printed_objects.jsonl", Format.CHAT, 62, 0),
        ("d06_python_repr_single_quotes.jsonl", Format.CHAT, 0, 62),
    ],
)
def test_all_is_read_or_can_be_mended(
    name: str, format_: Format, n_read: int, n_mended: int
) -> None:
    path = INPUTS / name
    with path.open("rb") as file:
        found = detect(file.read(HEAD), name)
        file.seek(0)
        items = list(read_examples(file, found))
    assert (found.format, found.has_mojibake) == (format_, False)
    assert sum(isinstance(item, Imported) for item in items) == n_read
    rejected = [item for item in items if isinstance(item, Rejected)]
    assert [item.mended is not None for item in rejected] == [True] * n_mended
    read = [item.conversation for item in items if isinstance(item, Imported)]
    assert [parse_line(line(conversation)) for conversation in read] == read


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("banking77_train.csv", "utf-8", ","),
        ("ishidahra01_results.csv", "utf-8", ","),
        ("d08_excel_semicolon_cp1252.csv", "cp1252", ";"),
    ],
)
def test_tables_are_told(name: str, encoding: str, delimiter: str) -> None:
    found = detect((INPUTS / name).read_bytes()[:HEAD], name)
    assert (found.format, found.encoding, found.delimiter) == (Format.TABLE, encoding, delimiter)
