import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from desktop_app.core.examples.tables import zip_guard
from desktop_app.core.examples.tables.cell_text import cell_text
from desktop_app.core.examples.tables.table import TableError
from desktop_app.core.examples.tables.workbook import WorkbookTable

SHEET = "xl/worksheets/sheet1.xml"
NO_SUCH_STRING = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row><c t="s"><v>7</v></c></row></sheetData></worksheet>'
)


def saved(*rows: tuple[Any, ...], change: Callable[[Any], None] = lambda book: None) -> io.BytesIO:
    """A workbook with these rows in its first sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file


def rebuilt(file: io.BytesIO, changes: dict[str, bytes | None], method: int = 8) -> io.BytesIO:
    """The same archive with parts replaced, added, or left out (None)."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", method) as new:
        parts = {name: old.read(name) for name in old.namelist()} | changes
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return made


def part(file: io.BytesIO, name: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name)


def cells(file: io.BytesIO, sheet: str | None = None) -> list[tuple[int, tuple[str, ...]]]:
    return list(WorkbookTable(file).rows(sheet))


def reason(file: io.BytesIO) -> str:
    with pytest.raises(TableError) as error:
        cells(file)
    assert error.value.detail
    return error.value.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (12, "12"),
        (0.1 + 0.2, "0.3"),
        (1e20, "1e+20"),
        (True, "TRUE"),
        (None, ""),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime.fromisoformat("2026-03-01"), "2026-03-01"),
        (datetime.fromisoformat("2026-03-01T09:30"), "2026-03-01 09:30:00"),
        (time(9, 30), "09:30:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
        ("one_x000D_\ntwo", "one\r\ntwo"),
        ("a_xylophone_", "a_xylophone_"),
    ],
)
def test_a_value_is_read_as_a_person_sees_it(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_sheets_rows_and_numbers() -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.active.title = "March"
        second = book.create_sheet("April")
        second["C3"] = "only this"

    file = saved(("q", "a"), (1.0, "x"), (None, " "), ("last", None), change=change)
    assert WorkbookTable(file).sheets == ("March", "April")
    assert cells(file) == [(1, ("q", "a")), (2, ("1", "x")), (4, ("last",))]
    assert cells(file, "April") == [(3, ("", "", "only this"))]
    with pytest.raises(TableError, match="no_sheet"):
        cells(file, "May")


def test_merged_headers_and_rich_text() -> None:
    def change(book: openpyxl.Workbook) -> None:
        book.active.merge_cells("A1:B1")

    assert cells(saved(("Tickets", None), ("q", "a"), change=change)) == [
        (1, ("Tickets",)),
        (2, ("q", "a")),
    ]


def test_defusedxml_is_what_openpyxl_reads_with() -> None:
    assert openpyxl.DEFUSEDXML
    file = saved(("q", "a"))
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + part(file, SHEET)
    assert reason(rebuilt(file, {SHEET: bomb})) == "damaged"


@pytest.mark.parametrize("claimed", ["A1:XFD1048576", "A1", "nonsense"])
def test_a_dimension_that_lies(claimed: str) -> None:
    file = saved(("q", "a"), ("1", "2"))
    lying = part(file, SHEET).replace(b'ref="A1:B2"', f'ref="{claimed}"'.encode())
    rows = rebuilt(file, {SHEET: lying})
    if claimed == "nonsense":
        assert reason(rows) == "damaged"
    else:
        assert cells(rows) == [(1, ("q", "a")), (2, ("1", "2"))]


def test_row_numbers_that_lie_or_repeat_lose_no_row() -> None:
    file = saved(("q",), ("1",), ("2",), ("3",))
    sheet = part(file, SHEET)
    sheet = sheet.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'r="3"', b'r="1"')
    assert [texts for _, texts in cells(rebuilt(file, {SHEET: sheet}))] == [
        ("q",),
        ("1",),
        ("2",),
        ("3",),
    ]
    assert [number for number, _ in cells(rebuilt(file, {SHEET: sheet}))] == [1, 2, 3, 4]


def test_formulas_that_were_never_computed_are_told() -> None:
    table = WorkbookTable(saved(("q", "a"), ("x", "=1+1")))
    assert list(table.rows())[1] == (2, ("x",))
    assert [note.code for note in table.notes] == ["formulas"]


def test_macros_and_links_are_told_and_not_touched() -> None:
    extra = {"xl/vbaProject.bin": b"\xd0\xcf", "xl/externalLinks/externalLink1.xml": b"<broken"}
    table = WorkbookTable(rebuilt(saved(("q", "a")), dict(extra)))
    assert [note.code for note in table.notes] == ["macros", "external_links"]
    assert list(table.rows()) == [(1, ("q", "a"))]


def test_a_plain_workbook_has_no_notes() -> None:
    table = WorkbookTable(saved(("q", "a")))
    list(table.rows())
    assert table.notes == ()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["mimetype", "content.xml"], ".ods"),
        (["Index/Document.iwa"], ".numbers"),
        (["[Content_Types].xml", "word/document.xml"], "paste that"),
        (["chats/march.jsonl"], "Unpack it"),
        ([], "Unpack it"),
        (["[Content_Types].xml", "xl/workbook.bin"], ".xlsb"),
    ],
)
def test_other_archives_are_told_apart(names: list[str], words: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    with pytest.raises(TableError, match="not_a_workbook") as error:
        WorkbookTable(file)
    assert words in error.value.detail


def test_what_is_no_workbook_is_refused_with_a_reason() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    whole = saved(("q", "a")).getvalue()
    assert reason(io.BytesIO(ole)) == "old_excel"
    assert reason(io.BytesIO(ole + "EncryptedPackage".encode("utf-16-le"))) == "encrypted"
    assert reason(io.BytesIO(whole[: len(whole) // 2])) == "damaged"
    assert reason(io.BytesIO(b"")) == "damaged"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (SHEET, b"<worksheet><sheetData><row"),
        (SHEET, None),
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/workbook.xml", None),
        ("xl/styles.xml", b"<nothing"),
        (SHEET, NO_SUCH_STRING),
        ("[Content_Types].xml", b"<Types/>"),
    ],
)
def test_a_damaged_part_is_told(name: str, data: bytes | None) -> None:
    file = saved(("q", "a"), ("a long question", "a reply"))
    assert reason(rebuilt(file, {name: data})) in ("damaged", "no_sheet")


def test_damaged_bytes_inside_the_archive() -> None:
    data = bytearray(rebuilt(saved(*[("q", "a")] * 500), {}).getvalue())
    at = data.find(SHEET.encode()) + len(SHEET) + 50
    data[at : at + 30] = bytes(30)
    assert reason(io.BytesIO(bytes(data))) == "damaged"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = rebuilt(saved(("q", "a")), {"xl/media/zeros.bin": bytes(100 * 2**20)})
    assert len(bomb.getvalue()) < 2**20
    assert reason(bomb) == "too_large"


def test_a_bomb_with_a_false_size_unpacks_no_more_than_it_says() -> None:
    zeros = bytes(100 * 2**20)
    data = bytearray(rebuilt(saved(("q", "a")), {SHEET: zeros}).getvalue())
    size = len(zeros).to_bytes(4, "little")
    assert data.count(size) == 2
    assert reason(io.BytesIO(bytes(data).replace(size, (1000).to_bytes(4, "little")))) == "damaged"


def test_other_limits_of_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(("q", "a"))
    assert reason(rebuilt(file, {}, zipfile.ZIP_LZMA)) == "damaged"
    with monkeypatch.context() as patch:
        patch.setattr(zip_guard, "ENTRY_LIMIT", 3)
        assert reason(file) == "too_large"
    with monkeypatch.context() as patch:
        patch.setattr(zip_guard, "WHOLE_PART_LIMIT", 100)
        assert reason(file) == "too_large"
    with monkeypatch.context() as patch:
        patch.setattr(zip_guard, "UNPACKED_LIMIT", 100)
        assert reason(file) == "too_large"


def test_a_file_that_cannot_be_read_is_no_damage() -> None:
    class Pulled(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "the stick was pulled")

    with pytest.raises(OSError, match="pulled"):
        WorkbookTable(Pulled())
