"""The rows that an import could not read, written as a table."""

from collections.abc import Iterator
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.exports.import_report import report_lines
from desktop_app.core.examples.imported import Rejected
from desktop_app.state.examples.exchange.importing import ImportReport
from desktop_app.state.examples.exchange.reading import read_items
from desktop_app.storage.whole_file import whole_file


def report_saver(report: ImportReport, path: Path) -> BlockingWork:
    """Return the work that writes the rejected rows as CSV and returns the path.

    Where more were rejected than the report keeps, the source is read once more.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Path:
        with whole_file(path) as file:
            for piece in report_lines(_all_rejected(report, should_stop)):
                file.write(piece.encode())
        return path

    return work


def _all_rejected(report: ImportReport, should_stop: ShouldStop) -> Iterator[Rejected]:
    if report.left_out <= len(report.rejected):
        yield from report.rejected
        return
    plan = report.plan
    place = 0
    with plan.source.open() as file:
        for item in read_items(file, plan.reading, should_stop):
            if should_stop():
                raise InterruptedError
            if isinstance(item, Rejected):
                if not report.mending.takes(place, item):
                    yield item
                place += 1
