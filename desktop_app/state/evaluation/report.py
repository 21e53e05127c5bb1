"""The figures of an evaluation, worked out by a worker: intervals take thousands of sums."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.evaluation.report import Report, build_report
from desktop_app.state.evaluation.document import EvaluationDocument

PAUSE_MS = 400
"""Between two reports of a test set that is being run."""


class EvaluationReport(QObject):
    """Works out one report at a time, with a pause; of what comes meanwhile the latest is next."""

    changed = Signal()

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._task: Task | None = None
        self._next: EvaluationDocument | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._go_on)
        self.report: Report | None = None

    def clear(self) -> None:
        """Forget the report and what is being worked out."""
        if self._task is not None:
            self._task.succeeded.disconnect(self._take)
            self._task.finished.disconnect(self._rest)
            self._task.cancel()
            self._task = None
        self._pause.stop()
        self._next = None
        self.report = None
        self.changed.emit()

    def refresh(self, document: EvaluationDocument) -> None:
        """Work out the figures of a document; `changed` when they are there."""
        self._next = document
        if self._task is None and not self._pause.isActive():
            self._go_on()

    @Slot()
    def _rest(self) -> None:
        self._task = None
        self._pause.start()

    @Slot()
    def _go_on(self) -> None:
        document, self._next = self._next, None
        if document is not None:
            self._task = self._runner.run_blocking(_reporting(document))
            self._task.succeeded.connect(self._take)
            self._task.finished.connect(self._rest)

    @Slot(object)
    def _take(self, report: Report) -> None:
        self.report = report
        self.changed.emit()


def _reporting(document: EvaluationDocument) -> BlockingWork:
    def work(_report: object, _should_stop: object) -> Report:
        return build_report(document.cases, document.outcomes)

    return work
