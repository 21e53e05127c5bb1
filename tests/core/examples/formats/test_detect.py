import io
import json
import zipfile
from random import Random

import pytest

from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.core.examples.tables.table import TableError
from tests.core.examples.formats.reading import GOOD, RECORD, numbers, read

PRETTY = json.dumps(RECORD, indent=2)
TURNS = [{"from": "human", "value": "Where is it?"}, {"from": "gpt", "value": "Here."}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{GOOD}\n{GOOD}", Container.LINES),
        (f"{GOOD[:-1]}\n{GOOD}\n{GOOD}", Container.LINES),
        (f"{RECORD!r}\n{RECORD!r}", Container.LINES),
        (f"[{GOOD},{GOOD}]", Container.ARRAY),
        (f"[\n{GOOD},\n{GOOD},\n]", Container.ARRAY),
        (json.dumps([RECORD, RECORD], indent=1), Container.ARRAY),
        (f"{PRETTY}\n{PRETTY}", Container.OBJECTS),
        (f"{GOOD}{GOOD}", Container.OBJECTS),
        (
            '{\n"messages": [\n{"role":"user","content":"x"},\n{"role":"user"}]\n}',
            Container.OBJECTS,
        ),
    ],
)
def test_containers(text: str, expected: Container) -> None:
    found = detect(text.encode())
    assert (found.format, found.container) == (Format.CHAT, expected)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"input": RECORD, "preferred_output": [], "non_preferred_output": []}, Format.PREFERENCE),
        ({"prompt": "x", "chosen": "a", "rejected": "b"}, Format.PREFERENCE),
        ({"prompt": "x", "completion": "y"}, Format.PROMPT_COMPLETION),
        ({"question": "x", "answer": "y", "id": 7}, Format.PROMPT_COMPLETION),
        ({"conversations": TURNS, "id": "1"}, Format.SHAREGPT),
        ({"messages": TURNS}, Format.SHAREGPT),
        ({"instruction": "x", "input": "", "output": "y"}, Format.ALPACA),
        ({"exemplar_project": {"version": 1}}, Format.PROJECT),
        (RECORD | {"exemplar": {"version": 1}}, Format.PROJECT),
        ({"Messages": RECORD["messages"]}, Format.CHAT),
        ({"text": "x"}, Format.UNKNOWN),
    ],
)
def test_shapes(record: object, expected: Format) -> None:
    assert detect(json.dumps([record]).encode()).format is expected
    assert detect(f"{record!r}\n".encode()).format is expected


def test_a_record_that_is_longer_than_what_is_looked_at() -> None:
    head = b'{"messages":[{"role":"user","content":"' + b"x" * 100_000
    assert detect(head) == Detected(Format.CHAT, container=Container.OBJECTS)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)  # fmt: skip
def test_encodings(encoding: str, expected: str) -> None:
    text = GOOD.replace("parcel", "Päckchen für Größe M") + "\r\n"
    data = (text * 3).encode(encoding)
    assert detect(data).encoding == expected
    (first, *_), items = read(data), read(text * 3)
    assert numbers(read(data)) == [(1, True), (2, True), (3, True)]
    assert first == items[0]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Gdzie jest moja paczka? Została wysłana, dziękuję za cierpliwość.", "cp1250"),
        ("Где моя посылка? Она была отправлена вчера.", "cp1251"),
        ("荷物はどこですか。昨日発送しました。", "cp932"),
        ("我的包裹在哪里？昨天已经发货。", "gb18030"),
        ("Où est mon colis ? Il a été livré à côté.", "cp1252"),
    ],
)
def test_old_encodings_are_told_by_their_letters(text: str, encoding: str) -> None:
    assert (
        detect(f'{{"prompt":"{text}","completion":"OK"}}\n'.encode(encoding)).encoding == encoding
    )


def test_one_damaged_line_makes_no_other_encoding() -> None:
    good = '{"prompt":"grün","completion":"a"}\n'.encode()
    items = good + good.replace("ü".encode(), b"\xfc") + good
    assert detect(items).encoding == "utf-8"
    assert numbers(read(items)) == [(1, True), (2, False), (3, True)]


def test_a_character_that_the_end_of_the_head_cuts_is_no_damage() -> None:
    assert detect('{"prompt":"ü'.encode()[:-1]).encoding == "utf-8"


def test_mojibake_is_told_and_honest_text_is_not() -> None:
    good = '{"prompt":"Schöne Grüße – “für” Sie, naïve café","completion":"Добрый день 你好 ☃"}'
    assert not detect(good.encode()).has_mojibake
    broken = good.encode().decode("cp1252", errors="ignore")
    assert detect(broken.encode()).has_mojibake
    assert detect(b'{"prompt":"Gr\\u00c3\\u00bc\\u00c3\\u009fe","completion":"x"}').has_mojibake


def test_line_ends_that_are_carriage_returns_only() -> None:
    data = f"{GOOD}\r{GOOD}\r".encode()
    assert detect(data).line_end == "\r"
    assert numbers(read(data)) == [(1, True), (2, True)]


@pytest.mark.parametrize(
    ("text", "name", "delimiter"),
    [
        ("text,category\nWhere is it?,delivery\nHello,other\n", "", ","),
        ("text;category\nWhere, then?;delivery\nHello, you;other\n", "x.jsonl", ";"),
        ("a\tb\nWhere: is it?\tHere\n", "", "\t"),
        ('question,answer\n"Hi: there",yes\n"{""a"":1}",no\n', "", ","),
    ],
)
def test_tables(text: str, name: str, delimiter: str) -> None:
    found = detect(text.encode(), name)
    assert (found.format, found.delimiter) == (Format.TABLE, delimiter)


def test_the_name_counts_only_where_nothing_else_does() -> None:
    assert detect(b"one\ntwo\n").format is Format.UNKNOWN
    assert detect(b"one\ntwo\n", "things.csv").format is Format.TABLE
    assert detect(GOOD.encode(), "things.csv").format is Format.CHAT


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, "")
    return data.getvalue()


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (archive("[Content_Types].xml", "word/document.xml"), "not_a_workbook"),
        (archive("mimetype", "content.xml"), "not_a_workbook"),
        (archive("data.jsonl"), "not_a_workbook"),
        (archive(), "not_a_workbook"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old_excel"),
    ],
)
def test_what_office_programs_write_is_opened_which_says_what_is_wrong(
    head: bytes, reason: str
) -> None:
    found = detect(head, "march.csv")
    assert found == Detected(Format.XLSX)
    with pytest.raises(TableError) as error:
        open_table(io.BytesIO(head), found)
    assert error.value.reason == reason


def test_a_workbook() -> None:
    assert detect(archive("[Content_Types].xml", "xl/workbook.xml")) == Detected(Format.XLSX)


def test_other_binary_files() -> None:
    for head in (b"%PDF-1.7", b"\x89PNG\r\n", b"\x1f\x8b\x08", b"", b" \n", b"\0" * 100):
        assert detect(head) == Detected(Format.UNKNOWN)


@pytest.mark.parametrize("name", ["", "noise.csv", "noise.txt"])
@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_table(name: str, seed: int) -> None:
    assert detect(Random(seed).randbytes(5000), name).format is Format.UNKNOWN


def test_control_characters_are_no_table() -> None:
    assert detect(b"\x01,\x02,\x03\n" * 50, "noise.csv").format is Format.UNKNOWN
    assert detect(b"\x1b[1mquestion,answer\nwhere is it,here\n" * 5).format is Format.TABLE


PROSE = "A paragraph about parcels, and how they travel.\n"
MARKDOWN = "| Question | Answer |\n|---|---|\n" + "| Where is it? | Here |\n" * 8


@pytest.mark.parametrize(
    ("before", "after"),
    [(0, 12), (1, 0), (5, 0), (5, 6), (20, 20)],
)
def test_prose_with_a_table_in_it_is_no_table(before: int, after: int) -> None:
    text = PROSE * before + MARKDOWN + PROSE * after
    assert detect(text.encode()).format is Format.UNKNOWN


def test_a_table_is_told_by_most_of_its_lines() -> None:
    table = "question;answer\n" + "Where, then?;Here\n" * 9
    assert detect((table + "ragged\n" * 8).encode()).format is Format.TABLE
    uneven = (table + "some words\nand; some; more\n" * 6).encode()
    assert detect(uneven).format is Format.UNKNOWN
    # Its name says what its lines do not.
    assert detect(uneven, "a.csv") == Detected(Format.TABLE, delimiter=";")
