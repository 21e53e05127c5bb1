"""The document to print as a PDF, made on a worker thread, some conversations at a time."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing
from html import escape
from itertools import dropwhile, islice
from pathlib import Path

from PySide6.QtCore import QEventLoop, QFile, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.exports.document import STYLE, Words, document_lines
from desktop_app.core.examples.imported import Imported
from desktop_app.state.examples.exchange.exporting import ExportReport, Passing
from desktop_app.state.examples.exchange.whole_set import items_of
from desktop_app.storage.project.project import Project
from desktop_app.storage.whole_file import whole_file

MOST_CONVERSATIONS = 20_000
"""More make a book of many thousand pages, which nobody prints; the web page has no such limit."""

AT_ONCE = 25
"""Conversations that are laid out together; the next ones begin on a new page."""

MARGIN_MM = 18.0
RESOLUTION = 96
"""Dots an inch: a PDF has no pixels, but lays out text by them."""


def pdf_exporter(project_path: Path, path: Path, title: str, words: Words) -> BlockingWork:
    """Return the work that writes the PDF and returns an ExportReport.

    `left_out` of the report counts conversations past MOST_CONVERSATIONS. Only Qt classes that may
    be used on any thread are used. Raises ProjectError and OSError.
    """

    def work(report: Report, should_stop: ShouldStop) -> ExportReport:
        with closing(Project.open(project_path, shared=True)) as project, whole_file(path) as file:
            total = project.counts().conversations
            passing = Passing(min(total, MOST_CONVERSATIONS), report, should_stop)
            items = passing.on(islice(items_of(project), MOST_CONVERSATIONS))
            _write(Path(str(file.name)), title, items, words)
        return ExportReport(path, passing.n, left_out=max(0, total - passing.n))

    return work


def _write(path: Path, title: str, items: Iterator[Imported], words: Words) -> None:
    device = QFile(str(path))
    if not device.open(QIODevice.OpenModeFlag.WriteOnly):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    writer = QPdfWriter(device)
    writer.setTitle(title)
    writer.setResolution(RESOLUTION)
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            margins,
            QPageLayout.Unit.Millimeter,
        )
    )
    painter = QPainter(writer)
    # Laying out starts timers that need not fire, but a thread that Qt did not start has no place
    # for them until something makes one.
    place_for_timers = QEventLoop()
    try:
        is_first = True
        for html in _parts(title, items, words):
            is_first = _print(writer, painter, html, is_first=is_first)
    finally:
        painter.end()
        device.close()
        del place_for_timers
    # The writer itself says nothing of a full disk.
    if device.error() != QFile.FileError.NoError:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _print(writer: QPdfWriter, painter: QPainter, html: str, *, is_first: bool) -> bool:
    """Put one part on pages of its own; return that the next part is not the first."""
    page = QSizeF(writer.width(), writer.height())
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    document.setDefaultStyleSheet(STYLE)
    document.setPageSize(page)
    document.setHtml(html)
    for number in range(document.pageCount()):
        if not is_first:
            writer.newPage()
        is_first = False
        top = number * page.height()
        painter.save()
        painter.translate(0, -top)
        document.drawContents(painter, QRectF(0, top, page.width(), page.height()))
        painter.restore()
    return False


def _parts(title: str, items: Iterator[Imported], words: Words) -> Iterator[str]:
    """Yield some conversations at a time, without contents: paper has no links."""
    head = f'<h1 dir="auto">{escape(title)}</h1>'
    while batch := list(islice(items, AT_ONCE)):
        lines = document_lines(title, (), batch, words)
        yield head + "".join(dropwhile(_is_before_conversations, lines))
        head = ""


def _is_before_conversations(piece: str) -> bool:
    return not piece.startswith("<h2")
