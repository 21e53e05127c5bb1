"""Looking for the next conversation that has a problem."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.examples.chosen_rules import ChosenRules
from desktop_app.state.examples.problem_kinds import problem_filter
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter


class NextProblem(QObject):
    """`found` carries the id of a conversation, None where no problems are left."""

    found = Signal(object)

    def __init__(
        self,
        open_project: OpenProject,
        rules: ChosenRules,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._rules = rules
        self._looking = LatestTask(runner, self)
        self._looking.done.connect(self.found)
        self._looking.failed.connect(self._fail)
        open_project.closing.connect(self._looking.stop)

    def look(self, behind: int | None) -> None:
        """Look behind one that has a problem itself, else from the top; round at the end."""
        where = problem_filter(self._rules.rules)
        self._looking.run(_looking(self._open_project.path, where, behind))

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        """Go nowhere; the error is told as one that nobody expected."""
        raise error


def _looking(path: Path, where: Filter, behind: int | None) -> BlockingWork:
    def look(_report: Report, _should_stop: ShouldStop) -> int | None:
        with closing(Project.open(path, shared=True)) as project:
            ids = project.ids(where)
        if not ids:
            return None
        place = ids.index(behind) + 1 if behind is not None and behind in ids else 0
        return ids[place % len(ids)]

    return look
