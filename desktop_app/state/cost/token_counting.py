"""Counts the tokens of the open project in the background, and again only what has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import CL100K, O200K, TokenCounter
from desktop_app.state.cost.reply_shape import SAMPLE, ReplyShape, reply_shape
from desktop_app.state.cost.token_summary import TokenSummary
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

CHUNK = 500
SETTLE_MS = 300
TELL_EVERY_MS = 500
"""Edits come in bursts; counting begins when they pause."""


@dataclass(frozen=True)
class Counted:
    """The training conversations in one encoding. `shape` is None where nobody replies."""

    encoding: str
    summary: TokenSummary
    shape: ReplyShape | None


@dataclass(frozen=True)
class Progress:
    """So many of all conversations have a count."""

    done: int
    total: int


class TokenCounting(QObject):
    """`counted` names an encoding in which every conversation has its count."""

    changed = Signal()
    counted = Signal(str)

    def __init__(
        self,
        open_project: OpenProject,
        counter: TokenCounter,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._counter = counter
        self._runner = runner
        self._first = O200K
        self._results: dict[str, Counted] = {}
        self._task: Task | None = None
        self.progress: Progress | None = None
        self.error: Exception | None = None
        self._told = QElapsedTimer()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._next)
        open_project.opened.connect(self._start_over)
        open_project.closed.connect(self._start_over)
        open_project.changed.connect(self._follow)
        self._start_over()

    def result(self, encoding: str) -> Counted | None:
        """What was counted, None until every conversation as it now stands has been."""
        return self._results.get(encoding)

    def prefer(self, encoding: str) -> None:
        """Count in this encoding first."""
        self._first = encoding

    @Slot()
    def _start_over(self) -> None:
        self._drop_task()
        self._results.clear()
        self.error = None
        self._settle.stop()
        self.changed.emit()
        self._next()

    @Slot()
    def _follow(self) -> None:
        self._drop_task()
        self._results.clear()
        self.changed.emit()
        self._settle.start()

    @Slot()
    def _next(self) -> None:
        if self._task is not None or not self._open_project.is_open:
            return
        order = sorted((O200K, CL100K), key=lambda encoding: encoding != self._first)
        encoding = next((each for each in order if each not in self._results), None)
        if encoding is None:
            return
        work = counting(self._open_project.path, self._counter, encoding)
        self._task = self._runner.run_blocking(work)
        self._told.invalidate()
        self._task.progressed.connect(self._note_progress)
        self._task.succeeded.connect(self._take)
        self._task.failed.connect(self._fail)

    @Slot(object)
    def _note_progress(self, progress: Progress) -> None:
        self.progress = progress
        # Whoever follows works the whole estimate out anew.
        if not self._told.isValid() or self._told.hasExpired(TELL_EVERY_MS):
            self._told.start()
            self.changed.emit()

    @Slot(object)
    def _take(self, counted: Counted) -> None:
        self._task, self.progress, self.error = None, None, None
        self._results[counted.encoding] = counted
        self.changed.emit()
        self.counted.emit(counted.encoding)
        self._next()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._task, self.progress, self.error = None, None, error
        self.changed.emit()

    def _drop_task(self) -> None:
        """What still comes of it would be about a project or a text that is no longer there."""
        if self._task is not None:
            self._task.progressed.disconnect(self._note_progress)
            self._task.succeeded.disconnect(self._take)
            self._task.failed.disconnect(self._fail)
            self._task.cancel()
        self._task, self.progress = None, None


def counting(path: Path, counter: TokenCounter, encoding: str) -> BlockingWork:
    """Make the work that counts what is uncounted and sums up the training conversations."""

    def work(report: Report, should_stop: Callable[[], bool]) -> Counted | None:
        project = Project.open(path, shared=True)
        try:
            _count_all(project, counter, encoding, report, should_stop)
            if should_stop():
                return None
            shape = _shape(project, counter, encoding)
            summary = TokenSummary(project.token_counts(encoding, Split.TRAINING))
            return Counted(encoding, summary, shape)
        finally:
            project.close()

    return work


def _shape(project: Project, counter: TokenCounter, encoding: str) -> ReplyShape | None:
    # In a function of its own: the iterator has to be gone before the project is closed.
    training = (each for _, each in project.as_trained(Split.TRAINING))
    return reply_shape(islice(training, SAMPLE), counter, encoding)


def _count_all(
    project: Project,
    counter: TokenCounter,
    encoding: str,
    report: Report,
    should_stop: Callable[[], bool],
) -> None:
    total = project.counts().conversations
    done = len(project.token_counts(encoding, None))
    while not should_stop() and (batch := project.uncounted(encoding, CHUNK)):
        report(Progress(done, total))
        counts = [
            (each.id, each.revision, counter.count(each.conversation, encoding)) for each in batch
        ]
        project.store_counts(encoding, counts)
        done = min(done + len(batch), total)
