import csv
import io

from desktop_app.core.examples.exports.import_report import report_lines
from desktop_app.core.examples.imported import Rejected


def test_the_report_is_a_table_without_formulas() -> None:
    rows = [
        Rejected(7, '=HYPERLINK("x")', "no_text", "The row has no text."),
        Rejected(9, 'a\n"b"\ud800', "not_text", "It says “x”."),
    ]
    written = "".join(report_lines(rows))
    written.encode()
    assert written.startswith("\ufeff")
    found = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert found == [
        ["row", "reason", "what is wrong", "text"],
        ["7", "no_text", "The row has no text.", '\'=HYPERLINK("x")'],
        ["9", "not_text", "It says “x”.", 'a\n"b"\ufffd'],
    ]
