"""How far an import or export is, with the button that stops it."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QFrame, QProgressBar

from desktop_app.state.examples.exchange.importing import ImportProgress, ImportQuestion
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.ui.widgets.parts import button, isolated, label, row

SHOWN_AFTER_MS = 600
"""What is done sooner than this needs no progress bar."""


class ExchangeStrip(QFrame):
    """Hidden while nothing is going on."""

    def __init__(self, exchange: FileExchange) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setProperty("edge", "bottom")
        self._name = ""
        self._words = label()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        stop = button(self.tr("Cancel"))
        stop.clicked.connect(exchange.cancel)
        layout = row(self._words, self._bar, stop, margin=8, spacing=14)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(SHOWN_AFTER_MS)
        self._patience.timeout.connect(self.show)
        exchange.started.connect(self._begin)
        exchange.progressed.connect(self._show_progress)
        exchange.asked.connect(self._wait)
        exchange.finished.connect(self._end)
        self.hide()

    @Slot(str)
    def _begin(self, name: str) -> None:
        self._name = isolated(name)
        self._bar.setRange(0, 0)
        self._words.setText(self._name)
        self._patience.start()

    @Slot(object)
    def _show_progress(self, progress: ImportProgress) -> None:
        if progress.share is not None:
            self._bar.setRange(0, 1000)
            self._bar.setValue(int(progress.share * 1000))
        text = self.tr("%1: %Ln conversation(s)", "", progress.conversations)
        text = text.replace("%1", self._name)
        if progress.per_second:
            text += self.tr(", %Ln a second", "", round(progress.per_second))
        if progress.seconds_left is not None:
            text += ", " + self._left(max(1, round(progress.seconds_left)))
        self._words.setText(text)

    def _left(self, seconds: int) -> str:
        if seconds < 90:
            return self.tr("about %n second(s) left", "", seconds)
        return self.tr("about %n minute(s) left", "", round(seconds / 60))

    @Slot(object)
    def _wait(self, question: ImportQuestion) -> None:
        """Everything has been read; it waits for what its user says."""
        self._bar.setRange(0, 1000)
        self._bar.setValue(1000)
        text = self.tr("%1: %Ln row(s) could not be read", "", question.report.n_rejected)
        self._words.setText(text.replace("%1", self._name))

    @Slot()
    def _end(self) -> None:
        self._patience.stop()
        self.hide()
