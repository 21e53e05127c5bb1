"""Says that a large step runs and that edits wait for it, with the button that stops it."""

from PySide6.QtCore import QElapsedTimer, QTimer, Slot
from PySide6.QtWidgets import QFrame, QProgressBar

from desktop_app.state.examples.bulk_edit import BulkEdit, BulkProgress
from desktop_app.state.notices import Notice, Notices
from desktop_app.ui.project_texts import describe_file_error
from desktop_app.ui.widgets.parts import button, label, row

SHOWN_AFTER_MS = 300
"""What is done sooner than this needs no strip."""

SOON_S = 1.0
"""Before that, how long it took says little of how long it will take."""


class BulkStrip(QFrame):
    """Hidden while nothing runs. Tells also when a step failed."""

    def __init__(self, bulk: BulkEdit, notices: Notices) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setProperty("edge", "bottom")
        self._notices = notices
        self._label = ""
        self._clock = QElapsedTimer()
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = button(self.tr("Cancel"))
        self.stop.clicked.connect(bulk.cancel)
        layout = row(self.words, self.bar, self.stop, margin=8, spacing=14)
        layout.setStretch(0, 2)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(SHOWN_AFTER_MS)
        self._patience.timeout.connect(self.show)
        bulk.started.connect(self._begin)
        bulk.progressed.connect(self._show_progress)
        bulk.busy_changed.connect(self._follow)
        bulk.failed.connect(self._tell)
        self.hide()

    @Slot(str)
    def _begin(self, text: str) -> None:
        self._label = text
        self.bar.setRange(0, 0)
        self._clock.start()
        self.words.setText(self._said())
        self._patience.start()

    def _said(self, left: str = "") -> str:
        text = self.tr("%1. Edits wait until this is done.").replace("%1", self._label)
        return f"{text} {left}" if left else text

    @Slot(object)
    def _show_progress(self, progress: BulkProgress) -> None:
        if progress.total <= 0:
            return
        share = min(1.0, progress.done / progress.total)
        self.bar.setRange(0, 1000)
        self.bar.setValue(int(share * 1000))
        spent = self._clock.elapsed() / 1000
        if share > 0 and spent > SOON_S:
            left = max(1, round(spent / share * (1 - share)))
            self.words.setText(self._said(self.tr("About %n second(s) left.", "", left)))

    @Slot(bool)
    def _follow(self, busy: bool) -> None:
        if not busy:
            self._patience.stop()
            self.hide()

    @Slot(object)
    def _tell(self, error: Exception) -> None:
        text = self.tr("%1 did not work; nothing was changed.").replace("%1", self._label)
        why = describe_file_error(error, "")
        self._notices.post(Notice(f"{text} {why}", "bad", getattr(error, "detail", "")))
