"""A piece of work off the GUI thread, as the GUI thread sees it."""

import logging
import traceback

from PySide6.QtCore import QElapsedTimer, QMetaMethod, QObject, QTimer, Signal

from desktop_app.background.call import Call, Failure, Success

FRAME_MS = 33
"""Progress reaches the GUI thread at most 30 times a second."""

_log = logging.getLogger(__name__)


class Task(QObject):
    """Made by `TaskRunner`. Signals come from the event loop, never before the caller returns.

    `progressed` carries the latest report, or the list of all since the last time in a batched
    task. Then `succeeded` (the result) or `failed` (the exception), or neither once cancelled, and
    `finished` in any case.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    finished = Signal()

    def __init__(self, call: Call, work: object, *, batch: bool) -> None:
        super().__init__()
        self._call = call
        self._work: object | None = work
        self._batch = batch
        self._is_running = True
        self._last_frame = QElapsedTimer()
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.timeout.connect(self._show_progress)

    @property
    def is_running(self) -> bool:
        """Whether `finished` is still to come."""
        return self._is_running

    def cancel(self) -> None:
        """Stop the work as soon as it can be stopped."""
        self._call.cancel()

    def fetch(self) -> None:
        """Take over what the worker has put down. Called by the runner, on the GUI thread."""
        if self._call.is_done:
            self._finish()
        elif not self._frame.isActive():
            spent = self._last_frame.elapsed() if self._last_frame.isValid() else FRAME_MS
            self._frame.start(max(0, FRAME_MS - spent))

    def _show_progress(self) -> None:
        self._last_frame.start()
        progress = self._call.take_progress()
        if progress and not self._call.should_stop():
            self.progressed.emit(progress if self._batch else progress[-1])

    def _finish(self) -> None:
        self._frame.stop()
        self._show_progress()
        outcome = self._call.outcome
        self._is_running = False
        self._work = None
        if not self._call.should_stop():
            if isinstance(outcome, Success):
                self.succeeded.emit(outcome.value)
            elif isinstance(outcome, Failure):
                self._fail(outcome.error)
        self.finished.emit()

    def _fail(self, error: BaseException) -> None:
        if self.isSignalConnected(QMetaMethod.fromSignal(self.failed)):
            self.failed.emit(error)
            return
        # Where it happened, without the message: that may hold a key or somebody's text.
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("a task failed and nobody listened: %s\n%s", type(error).__name__, where)
