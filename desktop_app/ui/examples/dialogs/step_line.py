"""How far a large step is, in the dialog that began it and lies before the window's own strip."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop_app.state.examples.bulk_edit import BulkEdit, BulkProgress
from desktop_app.ui.widgets.parts import button, label, row

SHOWN_AFTER_MS = 300
"""What is done sooner than this needs no line."""


class StepLine(QWidget):
    """Hidden while nothing runs; has the button that stops it."""

    def __init__(self, bulk: BulkEdit) -> None:
        super().__init__()
        self.words = label(kind="muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.halt = button(self.tr("Stop"), "small")
        self.halt.clicked.connect(bulk.cancel)
        layout = row(self.words, self.bar, self.halt, spacing=14)
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
        self.hide()

    @Slot(str)
    def _begin(self, what: str) -> None:
        self.words.setText(self.tr("%1. Edits wait until this is done.").replace("%1", what))
        self.bar.setRange(0, 0)
        self._patience.start()

    @Slot(object)
    def _show_progress(self, progress: BulkProgress) -> None:
        if progress.total > 0:
            self.bar.setRange(0, 1000)
            self.bar.setValue(int(1000 * min(1.0, progress.done / progress.total)))

    @Slot(bool)
    def _follow(self, busy: bool) -> None:
        if not busy:
            self._patience.stop()
            self.hide()
