"""Work of which only the latest counts: a new one takes the place of the one before."""

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner


class LatestTask(QObject):
    """Tells of the latest work only; what the former ones bring is dropped."""

    progressed = Signal(object)
    done = Signal(object)
    failed = Signal(object)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._task: Task | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def run(self, work: BlockingWork) -> None:
        """Start this in place of what is going on."""
        self.stop()
        task = self._task = self._runner.run_blocking(work)
        task.progressed.connect(self.progressed)
        task.succeeded.connect(self._take)
        task.failed.connect(self._fail)

    @Slot()
    def stop(self) -> None:
        """Drop what is going on."""
        if self._task is not None:
            task, self._task = self._task, None
            task.progressed.disconnect(self.progressed)
            task.succeeded.disconnect(self._take)
            task.failed.disconnect(self._fail)
            task.cancel()

    @Slot(object)
    def _take(self, result: object) -> None:
        self._task = None
        self.done.emit(result)

    @Slot(object)
    def _fail(self, error: object) -> None:
        self._task = None
        self.failed.emit(error)
