"""How far an import or export is, with the button that stops it."""

from PySide6.QtCore import Slot

from desktop_app.state.examples.exchange.importing import ImportProgress, ImportQuestion
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.ui.widgets.parts import isolated
from desktop_app.ui.widgets.progress_line import ProgressLine

SHOWN_AFTER_MS = 600
"""What is done sooner than this needs no progress bar."""


class ExchangeStrip(ProgressLine):
    """Hidden while nothing is going on."""

    def __init__(self, exchange: FileExchange) -> None:
        super().__init__(SHOWN_AFTER_MS)
        self.as_strip()
        self._name = ""
        self.stop.clicked.connect(exchange.cancel)
        exchange.started.connect(self._begin)
        exchange.progressed.connect(self._show_progress)
        exchange.asked.connect(self._wait)
        exchange.finished.connect(self.end)

    @Slot(str)
    def _begin(self, name: str) -> None:
        self._name = isolated(name)
        self.begin(self._name)

    @Slot(object)
    def _show_progress(self, progress: ImportProgress) -> None:
        if progress.share is not None:
            self.show_share(progress.share)
        text = self.tr("%1: %Ln conversation(s)", "", progress.conversations)
        text = text.replace("%1", self._name)
        if progress.per_second:
            text += self.tr(", %Ln a second", "", round(progress.per_second))
        if progress.seconds_left is not None:
            text += ", " + self._left(max(1, round(progress.seconds_left)))
        self.words.setText(text)

    def _left(self, seconds: int) -> str:
        if seconds < 90:
            return self.tr("about %n second(s) left", "", seconds)
        return self.tr("about %n minute(s) left", "", round(seconds / 60))

    @Slot(object)
    def _wait(self, question: ImportQuestion) -> None:
        """Everything has been read; it waits for what its user says."""
        self.show_share(1.0)
        text = self.tr("%1: %Ln row(s) could not be read", "", question.report.n_rejected)
        self.words.setText(text.replace("%1", self._name))
