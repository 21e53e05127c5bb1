"""What the tests of tables share."""

import io

from desktop_app.core.examples.tables.delimited import DelimitedTable


def table_of(text: str) -> DelimitedTable:
    """Return the table that a text is; where there is a tab, tabs stand between the cells."""
    return DelimitedTable(io.BytesIO(text.encode()), "utf-8", "\t" if "\t" in text else "")
