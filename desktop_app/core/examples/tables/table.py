"""What every table offers, whether it comes from a text file, a workbook or the clipboard."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

Row = tuple[int, tuple[str, ...]]
"""A row's number, from 1 as a spreadsheet shows it, and the texts of its cells."""


class TableError(Exception):
    """No table can be read. `reason` is a stable code, `detail` says it in plain English."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a table that was read all the same."""

    code: str
    detail: str


class Table(Protocol):
    """Rows of texts; `sheets` is empty where there are no named ones."""

    sheets: tuple[str, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is to be known of it; some of it shows only while the rows are read."""

    def rows(self, sheet: str | None = None) -> Iterator[Row]:
        """Yield the rows that hold text, from the top each time it is called.

        None is the first sheet. A row may be shorter or longer than others. Raises TableError for
        a sheet that is not there or is damaged.
        """
