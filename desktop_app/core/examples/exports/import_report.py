"""The rows that an import could not read, as a table: CSV, one row for each."""

from collections.abc import Iterable, Iterator

from desktop_app.core.examples.exports.set_table import MARK, csv_row
from desktop_app.core.examples.imported import Rejected

HEADER = ("row", "reason", "what is wrong", "text")


def report_lines(rejected: Iterable[Rejected]) -> Iterator[str]:
    """Yield the file piece by piece, for UTF-8 without a mark of its own and no other line ends."""
    yield MARK + csv_row(HEADER)
    for row in rejected:
        yield csv_row((str(row.number), row.reason, row.detail, row.text))
