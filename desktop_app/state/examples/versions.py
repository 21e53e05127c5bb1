"""Named versions of the whole set: saving one, comparing two."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Version

ShouldStop = Callable[[], bool]


class Versions(QObject):
    """What is kept of the open project. `compared` carries a list of VersionChange.

    `saved` carries the Version: an earlier one, if nothing has changed since.
    """

    changed = Signal()
    saved = Signal(object)
    compared = Signal(object)
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._comparison: Task | None = None
        open_project.opened.connect(self.changed)
        open_project.closing.connect(self._drop_comparison)

    @property
    def all(self) -> list[Version]:
        """The versions, the newest first."""
        return self._open_project.project.versions() if self._open_project.is_open else []

    def text(self, version_id: int | None, id: int) -> Conversation | None:
        """A conversation as it was in a version (None: as it is now), if it was in it."""
        return self._open_project.project.version_texts(version_id, id)

    def save(self, name: str) -> None:
        """Keep the set as it is now."""
        task = self._runner.run_blocking(_saving(self._open_project.path, name))
        task.succeeded.connect(self._tell_saved)
        task.failed.connect(self.failed)

    def delete(self, version_id: int) -> None:
        """Forget a version; the conversations in it stay as they are."""
        self._open_project.project.delete_version(version_id)
        self.changed.emit()

    def compare(self, old: int, new: int | None) -> None:
        """Find what changed from one version to another, or to now (None)."""
        self._drop_comparison()
        task = self._runner.run_blocking(_comparing(self._open_project.path, old, new))
        task.succeeded.connect(self.compared)
        task.failed.connect(self.failed)
        self._comparison = task

    @Slot(object)
    def _tell_saved(self, version: Version) -> None:
        self.changed.emit()
        self.saved.emit(version)

    @Slot()
    def _drop_comparison(self) -> None:
        if self._comparison is not None and self._comparison.is_running:
            self._comparison.cancel()
        self._comparison = None


def restoring(version_id: int) -> Callable[[Project, ShouldStop], None]:
    """Make the step that brings the whole set back to a version."""

    def step(project: Project, _should_stop: ShouldStop) -> None:
        project.restore_version(version_id)

    return step


def _saving(path: Path, name: str) -> BlockingWork:
    def save(_report: Report, _should_stop: ShouldStop) -> Version:
        with closing(Project.open(path, shared=True)) as project:
            return project.save_version(name)

    return save


def _comparing(path: Path, old: int, new: int | None) -> BlockingWork:
    def compare(_report: Report, _should_stop: ShouldStop) -> object:
        with closing(Project.open(path, shared=True)) as project:
            return project.compare(old, new)

    return compare
