"""Named versions of the whole set: saving one, comparing two."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.differences import MarkedMessage, marked
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Version


@dataclass(frozen=True)
class TwoTexts:
    """A conversation in two versions, marked where they differ; nothing where it was not in one."""

    before: Sequence[MarkedMessage] = ()
    after: Sequence[MarkedMessage] = ()


class Versions(QObject):
    """What is kept of the open project. `compared` carries a list of VersionChange.

    `saved` carries the Version: an earlier one, if nothing has changed since. `texts_read` carries
    TwoTexts, `failed` an exception.
    """

    changed = Signal()
    saved = Signal(object)
    compared = Signal(object)
    texts_read = Signal(object)
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._comparison = LatestTask(runner, self)
        self._comparison.done.connect(self.compared)
        self._comparison.failed.connect(self.failed)
        self._reading = LatestTask(runner, self)
        self._reading.done.connect(self.texts_read)
        self._reading.failed.connect(self.failed)
        open_project.opened.connect(self.changed)
        open_project.closing.connect(self.stop)

    @property
    def all(self) -> list[Version]:
        """The versions, the newest first."""
        return self._open_project.project.versions() if self._open_project.is_open else []

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
        self._reading.stop()
        self._comparison.run(_comparing(self._open_project.path, old, new))

    def read_texts(self, old: int, new: int | None, id: int) -> None:
        """Read a conversation as it was in one version and in another, or is now (None)."""
        # What a version of a million conversations keeps takes a second to unpack.
        self._reading.run(_reading(self._open_project.path, old, new, id))

    @Slot()
    def stop(self) -> None:
        """Give up what is being compared or read."""
        self._comparison.stop()
        self._reading.stop()

    @Slot(object)
    def _tell_saved(self, version: Version) -> None:
        self.changed.emit()
        self.saved.emit(version)


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


def _reading(path: Path, old: int, new: int | None, id: int) -> BlockingWork:
    def read(_report: Report, _should_stop: ShouldStop) -> TwoTexts:
        with closing(Project.open(path, shared=True)) as project:
            before, after = project.version_texts(old, id), project.version_texts(new, id)
        return TwoTexts(
            marked(before, after) if before is not None else (),
            marked(after, before) if after is not None else (),
        )

    return read
