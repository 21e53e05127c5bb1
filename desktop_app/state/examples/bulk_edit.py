"""One edit of many conversations: a large one runs on a worker, and all other edits wait for it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.open_project import EVERYTHING, OpenProject
from desktop_app.storage.project.project import Project

AT_ONCE = 1000
"""Conversations that are changed without leaving the window's thread: within some milliseconds."""


@dataclass(frozen=True)
class BulkProgress:
    """How far a step is; `total` is 0 where it cannot be known."""

    done: int
    total: int


class StepControl:
    """What a step asks and tells while it runs: called, it says whether to stop."""

    def __init__(self, report: Report, should_stop: Callable[[], bool]) -> None:
        self._report = report
        self._should_stop = should_stop

    def __call__(self) -> bool:
        return self._should_stop()

    def tell(self, done: int, total: int) -> None:
        """Say how far the step is."""
        self._report(BulkProgress(done, total))


Step = Callable[[Project, StepControl], object]
"""Makes one or more undoable steps in the project, and none if it is stopped before it writes."""


class BulkEdit(QObject):
    """At most one step at a time. `busy_changed` brackets one on a worker: nothing may be edited.

    `started` carries the label, `finished` what the step returned, `failed` its exception.
    """

    busy_changed = Signal(bool)
    started = Signal(str)
    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._task: Task | None = None
        open_project.closing.connect(self._let_go)

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def run(
        self, label: str, step: Step, ids: Sequence[int] = (), *, order_changed: bool = False
    ) -> bool:
        """Have a step made: at once where it is about few `ids`, else (none: all) on a worker.

        `label` says what is done, as in "Tagging 12,000 conversations". Returns False, and makes
        nothing, while another step runs. A step at once raises what it raises.
        """
        if self._task is not None:
            return False
        if 0 < len(ids) <= AT_ONCE:
            control = StepControl(_ignore, _never)
            make = _Made(step, control)
            self._open_project.edit(make, ids, order_changed=order_changed)
            self.finished.emit(make.result)
            return True
        self._task = self._runner.run_blocking(_worker(self._open_project.path, step))
        self._task.progressed.connect(self.progressed)
        self._task.succeeded.connect(self._finish)
        self._task.failed.connect(self._fail)
        self._task.finished.connect(self._end_cancelled)
        self.busy_changed.emit(True)
        self.started.emit(label)
        return True

    def cancel(self) -> None:
        """Stop the step, where it can be stopped; it leaves the project as it was then."""
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _let_go(self) -> None:
        """A step that has begun to write ends as one that can be undone when the file is opened."""
        if self._task is not None:
            self._task.succeeded.disconnect(self._finish)
            self._task.failed.disconnect(self._fail)
            self._task.finished.disconnect(self._end_cancelled)
            self._task.cancel()
            self._end()

    @Slot(object)
    def _finish(self, result: object) -> None:
        self._end()
        self._open_project.announce(EVERYTHING)
        self.finished.emit(result)

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self._end()
        self.failed.emit(error)

    @Slot()
    def _end_cancelled(self) -> None:
        """Of a cancelled step only this is heard; after others the next may be running already."""
        if self._task is not None and not self._task.is_running:
            self._end()

    def _end(self) -> None:
        self._task = None
        self.busy_changed.emit(False)


class _Made:
    """A step as `OpenProject.edit` takes it; keeps what it returned."""

    def __init__(self, step: Step, control: StepControl) -> None:
        self._step = step
        self._control = control
        self.result: object = None

    def __call__(self, project: Project) -> None:
        self.result = self._step(project, self._control)


def _worker(path: Path, step: Step) -> BlockingWork:
    def work(report: Report, should_stop: Callable[[], bool]) -> object:
        with closing(Project.open(path, shared=True)) as project:
            return step(project, StepControl(report, should_stop))

    return work


def _ignore(_progress: object) -> None:
    """A step at once is over before progress could be shown."""


def _never() -> bool:
    return False
