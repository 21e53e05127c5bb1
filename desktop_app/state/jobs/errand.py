"""A task that remembers for which job it runs."""

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task import Task


class JobErrand(QObject):
    """Hands a task's signals on together with the job's submission, and is gone when it ends."""

    reported = Signal(str, object)
    succeeded = Signal(str, object)
    failed = Signal(str, object)
    finished = Signal(str)

    def __init__(self, submission: str, task: Task, parent: QObject) -> None:
        super().__init__(parent)
        self._submission = submission
        self._task = task
        task.progressed.connect(self._report)
        task.succeeded.connect(self._succeed)
        task.failed.connect(self._fail)
        task.finished.connect(self._finish)

    def stop(self) -> None:
        """Cancel the task; only `finished` follows."""
        self._task.cancel()

    @Slot(object)
    def _report(self, report: object) -> None:
        self.reported.emit(self._submission, report)

    @Slot(object)
    def _succeed(self, result: object) -> None:
        self.succeeded.emit(self._submission, result)

    @Slot(object)
    def _fail(self, error: object) -> None:
        self.failed.emit(self._submission, error)

    @Slot()
    def _finish(self) -> None:
        self.finished.emit(self._submission)
        self.deleteLater()
