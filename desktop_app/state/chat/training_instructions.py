"""The system instructions that most training conversations begin with, found by a worker."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from typing_extensions import override

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import SYSTEM, Conversation
from desktop_app.state.open_project import OpenProject
from desktop_app.state.project_reading import ProjectReading
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


class TrainingInstructions(ProjectReading):
    """`found` is None while nothing is known, '' where most begin with no instructions."""

    changed = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(open_project, runner, parent)
        self.found: str | None = None

    @override
    def work(self, path: Path) -> BlockingWork:
        return _finder(path, self._open_project.counts.training)

    @override
    def keep(self, result: object) -> None:
        found = result if isinstance(result, str) else None
        if found != self.found:
            self.found = found
            self.changed.emit()


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
    for _, conversation in project.as_trained(Split.TRAINING):
        text = instructions_of(conversation)
        seen[text] += 1
        # What more than half of all have cannot be overtaken: no need to read the rest.
        if should_stop() or seen[text] * 2 > training:
            break
    if not seen:
        return None
    return seen.most_common(1)[0][0]
