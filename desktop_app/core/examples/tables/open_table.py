"""Open a table, whatever kind of file it is in."""

from typing import BinaryIO

from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.tables.delimited import DelimitedTable
from desktop_app.core.examples.tables.table import Table


def open_table(file: BinaryIO, detected: Detected) -> Table:
    """Open a table in a file that can be read twice. It stays the caller's to close.

    Rows are read by one iteration at a time. Raises TableError with a reason and a remedy.
    """
    if detected.format is Format.XLSX:
        # openpyxl takes a while to load, and most files are none of its.
        from desktop_app.core.examples.tables.workbook import (  # noqa: PLC0415  # see above
            WorkbookTable,
        )

        return WorkbookTable(file)
    return DelimitedTable(file, detected.encoding, detected.delimiter)
