"""Tables in Excel workbooks (.xlsx), row by row, with the values that were saved last.

Imported only when a workbook is opened: openpyxl takes a while to load.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element  # a type only; defusedxml reads

from openpyxl import load_workbook
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from desktop_app.core.examples.tables.cell_text import cell_text
from desktop_app.core.examples.tables.table import Note, Row, TableError
from desktop_app.core.examples.tables.zip_guard import notes_on, open_archive

LAST_ROW = 1_048_576
"""Excel has no more rows; a number beyond is made up."""

FORMULA_NOTE = Note(
    "formulas",
    "Some cells are formulas whose results are not in the file, and read as empty. Open the "
    "workbook in Excel or LibreOffice, save it, and import it again.",
)


class WorkbookTable:
    """The sheets of a workbook. Formulas are not computed, links not followed, macros not run."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises TableError if it is no workbook that can be read, or one made to do harm."""
        archive = open_archive(file)
        # They are about extensions and styles, which are nothing to a reader of texts.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
        with _damage_told():
            self._workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        self.sheets: tuple[str, ...] = tuple(s.title for s in self._workbook.worksheets)
        if not self.sheets:
            raise TableError("no_sheet", "The workbook has no sheet with cells.")
        self._notes = notes_on(archive)
        self._has_formulas = False

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is to be known of it; formulas without results show while the rows are read."""
        return (*self._notes, FORMULA_NOTE) if self._has_formulas else self._notes

    def rows(self, sheet: str | None = None) -> Iterator[Row]:
        """Yield the rows that hold text; see `Table.rows`."""
        name = self.sheets[0] if sheet is None else sheet
        if name not in self.sheets:
            raise TableError("no_sheet", "The workbook has no sheet of that name.")
        last = 0
        with _damage_told():
            for number, cells in self._cells(self._workbook[name]):
                last = number if last < number <= LAST_ROW else last + 1
                texts = _texts(cells)
                if any(map(str.strip, texts)):
                    yield last, texts

    def _cells(self, sheet: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:  # noqa: ANN401  # untyped
        """Yield rows as the file has them.

        The public iterator pads row numbers that lie with millions of empty rows, and drops a row
        whose number came before.
        """
        book = sheet.parent
        with sheet._get_source() as source:  # noqa: SLF001  # see above
            parser = _Parser(
                source,
                sheet._shared_strings,  # noqa: SLF001  # as the public iterator does
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,  # noqa: SLF001  # as the public iterator does
                timedelta_formats=book._timedelta_formats,  # noqa: SLF001  # likewise
            )
            for row in parser.parse():
                self._has_formulas |= parser.has_formulas
                yield row


class _Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """Notices formulas that were written by programs which do not compute them."""

    has_formulas = False

    def parse_cell(self, element: Element) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            self.has_formulas = True
        return cell


def _texts(cells: list[dict[str, Any]]) -> tuple[str, ...]:
    texts: list[str] = []
    for cell in cells:
        if cell["value"] is None:
            continue
        texts.extend([""] * (cell["column"] - len(texts)))
        texts[cell["column"] - 1] = cell_text(cell["value"])
    return tuple(texts)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except TableError:
        raise
    except Exception as error:  # KeyError, TypeError, SyntaxError: whatever it trips over
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise TableError(
            "damaged",
            "The workbook is damaged or not written by the rules of the format. Open it in Excel "
            "or LibreOffice, save it as .xlsx, and import it again.",
        ) from error
