"""Writing all that a project holds: for another project, for a spreadsheet, to be read."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.exports.document import Words, document_lines
from desktop_app.core.examples.exports.set_table import table_lines
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.project_jsonl import header_line, line_of
from desktop_app.state.examples.exchange.exporting import ExportReport, Passing
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from desktop_app.storage.whole_file import whole_file

BATCH = 200
SPLITS = {Split.TRAINING: "training", Split.TEST: "test"}

Lines = Callable[[Project, Iterable[Imported]], Iterator[str]]


def items_of(project: Project) -> Iterator[Imported]:
    """Yield every conversation with all that is kept with it; `number` is its id.

    They are those of when this began, but for what is taken back meanwhile.
    """
    ids = project.ids()
    for start in range(0, len(ids), BATCH):
        for row in project.rows(ids[start : start + BATCH], ""):
            yield Imported(
                project.conversation(row.id),
                row.id,
                row.tags,
                row.rating,
                project.note(row.id),
                SPLITS[row.split],
                row.source,
                row.source_row,
                tuple(sorted(project.accepted(row.id))),
            )


def project_exporter(project_path: Path, path: Path) -> BlockingWork:
    """Return the work that writes all there is, to be imported again, and returns an ExportReport.

    JSONL: a header with the shared instructions, then a line a conversation.
    """

    def lines(project: Project, items: Iterable[Imported]) -> Iterator[str]:
        yield header_line(project.instructions()) + "\n"
        for item in items:
            yield line_of(item) + "\n"

    return _exporter(project_path, path, lines)


def table_exporter(project_path: Path, path: Path) -> BlockingWork:
    """Return the work that writes a CSV table, one message a row, and returns an ExportReport."""
    return _exporter(project_path, path, lambda _project, items: table_lines(items))


def document_exporter(project_path: Path, path: Path, title: str, words: Words) -> BlockingWork:
    """Return the work that writes a document to print (HTML) and returns an ExportReport."""

    def lines(project: Project, items: Iterable[Imported]) -> Iterator[str]:
        return document_lines(title, titles_of(project), items, words)

    return _exporter(project_path, path, lines)


def titles_of(project: Project) -> Iterator[tuple[int, str]]:
    """Yield the id and title of every conversation."""
    ids = project.ids()
    for start in range(0, len(ids), BATCH):
        for row in project.rows(ids[start : start + BATCH], ""):
            yield row.id, row.title


def _exporter(project_path: Path, path: Path, lines: Lines) -> BlockingWork:
    def work(report: Report, should_stop: ShouldStop) -> ExportReport:
        with closing(Project.open(project_path, shared=True)) as project, whole_file(path) as file:
            passing = Passing(project.counts().conversations, report, should_stop)
            for piece in lines(project, passing.on(items_of(project))):
                file.write(piece.encode())
        return ExportReport(path, passing.n)

    return work
