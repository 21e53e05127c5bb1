"""Says that a large step runs and that edits wait for it, with the button that stops it."""

from PySide6.QtCore import QElapsedTimer, Slot

from desktop_app.state.examples.bulk_edit import BulkEdit, BulkProgress
from desktop_app.state.notices import Notice, Notices
from desktop_app.ui.project_texts import describe_file_error
from desktop_app.ui.widgets.progress_line import ProgressLine

SHOWN_AFTER_MS = 300
SOON_S = 1.0
"""Before that, how long it took says little of how long it will take."""


class StepLine(ProgressLine):
    """For a dialog that began the step and lies before the window's own strip."""

    def __init__(self, bulk: BulkEdit) -> None:
        super().__init__(SHOWN_AFTER_MS)
        self._label = ""
        self._clock = QElapsedTimer()
        self.stop.clicked.connect(bulk.cancel)
        bulk.started.connect(self._begin)
        bulk.progressed.connect(self._show_progress)
        bulk.busy_changed.connect(self._follow)

    @Slot(str)
    def _begin(self, text: str) -> None:
        self._label = text
        self._clock.start()
        self.begin(self._said())

    def _said(self, left: str = "") -> str:
        text = self.tr("%1. Edits wait until this is done.").replace("%1", self._label)
        return f"{text} {left}" if left else text

    @Slot(object)
    def _show_progress(self, progress: BulkProgress) -> None:
        if progress.total <= 0:
            return
        share = min(1.0, progress.done / progress.total)
        self.show_share(share)
        spent = self._clock.elapsed() / 1000
        if share > 0 and spent > SOON_S:
            left = max(1, round(spent / share * (1 - share)))
            self.words.setText(self._said(self.tr("About %n second(s) left.", "", left)))

    @Slot(bool)
    def _follow(self, busy: bool) -> None:
        if not busy:
            self.end()


class BulkStrip(StepLine):
    """The window's own; tells also when a step failed."""

    def __init__(self, bulk: BulkEdit, notices: Notices) -> None:
        super().__init__(bulk)
        self.as_strip()
        self._notices = notices
        bulk.failed.connect(self._tell)

    @Slot(object)
    def _tell(self, error: Exception) -> None:
        text = self.tr("%1 did not work; nothing was changed.").replace("%1", self._label)
        why = describe_file_error(error, "")
        self._notices.post(Notice(f"{text} {why}", "bad", getattr(error, "detail", "")))
