"""Something that a worker finds out by reading the whole open project."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject


class ProjectReading(QObject):
    """Reads when asked, and only if the project has changed since.

    `arrived` after each reading, `failed` with the exception. Subclasses say what is read
    (`work`) and keep it (`keep`, None when another project is opened or none).
    """

    arrived = Signal()
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._reading = LatestTask(runner, self)
        self._reading.done.connect(self._take)
        self._reading.failed.connect(self._fail)
        self._is_stale = True
        open_project.opened.connect(self._forget)
        open_project.closed.connect(self._forget)
        open_project.changed.connect(self._mark_stale)

    def work(self, path: Path) -> BlockingWork:
        """What a worker does with the project at this path."""
        raise NotImplementedError(path)

    def keep(self, result: object) -> None:
        """Take what was read, or None."""
        raise NotImplementedError(result)

    @property
    def is_current(self) -> bool:
        """Whether what was read last is of the project as it is now."""
        return not self._is_stale and not self._reading.is_running

    def refresh(self) -> None:
        """Read again if something has changed since the last time."""
        if self._is_stale and not self._reading.is_running and self._open_project.is_open:
            self._is_stale = False
            self._reading.run(self.work(self._open_project.path))

    @Slot(object)
    def _take(self, result: object) -> None:
        self.keep(result)
        self.arrived.emit()

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self._is_stale = True
        self.failed.emit(error)

    @Slot()
    def _mark_stale(self) -> None:
        self._is_stale = True

    @Slot()
    def _forget(self) -> None:
        self._reading.stop()
        self._is_stale = True
        self.keep(None)
