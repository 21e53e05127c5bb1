"""The last resort: a fault of the program itself becomes one notice and a line in the log."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop_app.state.notices import Notice, Notices
from desktop_app.storage.project.errors import ProjectError
from desktop_app.ui.project_texts import describe_project_error

_log = logging.getLogger(__name__)


class ErrorNotices(QObject):
    """Catches what no one else caught, on any thread.

    Where it happened is told, not with what: an exception's message may hold words or a key.
    A project file that cannot be written is no fault, and is told for what it is.
    """

    _caught = Signal(str)
    _refused = Signal(object)

    def __init__(self, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._notices = notices
        self._caught.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._refused.connect(self._tell_refusal, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over from Python's own hooks."""
        sys.excepthook = self._catch
        threading.excepthook = self._catch_in_thread

    def _catch(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        if isinstance(error, ProjectError):
            self._refused.emit(error)
            return
        where = "".join(traceback.format_tb(trace)) + kind.__name__
        _log.error("a fault of the program itself\n%s", where)
        self._caught.emit(where)

    def _catch_in_thread(self, caught: threading.ExceptHookArgs) -> None:
        if caught.exc_type is not SystemExit:
            where = "".join(traceback.format_tb(caught.exc_traceback)) + caught.exc_type.__name__
            _log.error("a fault of the program itself, on a thread\n%s", where)
            self._caught.emit(where)

    @Slot(object)
    def _tell_refusal(self, error: ProjectError) -> None:
        text = describe_project_error(error)
        self._notices.post(Notice(text, "bad", detail=error.detail, topic="project"))

    @Slot(str)
    def _tell(self, where: str) -> None:
        text = self.tr(
            "Something in Exemplar itself went wrong. What you wrote is saved. "
            "If it goes on, close the window and open it again."
        )
        self._notices.post(Notice(text, "bad", detail=where, topic="fault"))
