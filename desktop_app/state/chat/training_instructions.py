"""The system instructions that most training conversations begin with, found by a worker."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import SYSTEM, Conversation
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


class TrainingInstructions(QObject):
    """Looks when asked, and only if the project has changed since.

    `found` is None while nothing is known, '' where most begin with no instructions.
    """

    changed = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._task: Task | None = None
        self._is_stale = True
        self.found: str | None = None
        open_project.opened.connect(self._forget)
        open_project.closed.connect(self._forget)
        open_project.changed.connect(self._mark_stale)

    def refresh(self) -> None:
        """Look again if something has changed since the last time."""
        if not self._is_stale or self._task is not None or not self._open_project.is_open:
            return
        self._is_stale = False
        training = self._open_project.counts.training
        self._task = self._runner.run_blocking(_finder(self._open_project.path, training))
        self._task.succeeded.connect(self._take)
        self._task.finished.connect(self._end)

    @Slot(object)
    def _take(self, found: str | None) -> None:
        if found != self.found:
            self.found = found
            self.changed.emit()

    @Slot()
    def _end(self) -> None:
        self._task = None

    @Slot()
    def _mark_stale(self) -> None:
        self._is_stale = True

    @Slot()
    def _forget(self) -> None:
        if self._task is not None:
            self._task.succeeded.disconnect(self._take)
            self._task.finished.disconnect(self._end)
            self._task.cancel()
            self._task = None
        self._is_stale = True
        self._take(None)


def instructions_of(conversation: Conversation) -> str:
    """The system message at the beginning, '' if there is none."""
    first = conversation.messages[0] if conversation.messages else None
    return first.text if first is not None and first.role == SYSTEM else ""


def _finder(path: Path, training: int) -> BlockingWork:
    def find(_report: Report, should_stop: Callable[[], bool]) -> str | None:
        project = Project.open(path, shared=True)
        try:
            return _most_common(project, training, should_stop)
        finally:
            project.close()

    return find


def _most_common(project: Project, training: int, should_stop: Callable[[], bool]) -> str | None:
    seen: Counter[str] = Counter()
    for _, conversation in project.conversations(Split.TRAINING):
        text = instructions_of(conversation)
        seen[text] += 1
        # What more than half of all have cannot be overtaken: no need to read the rest.
        if should_stop() or seen[text] * 2 > training:
            break
    if not seen:
        return None
    return seen.most_common(1)[0][0]
