"""Looks all conversations through in the background, and again only what has changed."""

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.advice.mask import MASKED
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.check_set import SetSize, check_set
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.fixes import fix_all
from desktop_app.core.examples.rules import Rules
from desktop_app.state.examples.bulk_edit import BulkEdit, Step, StepControl
from desktop_app.state.examples.chosen_rules import ChosenRules
from desktop_app.state.examples.set_advice import (
    OF_NEAR_ONES,
    SetAdvice,
    TextFacts,
    advising_on_the_set,
)
from desktop_app.state.examples.set_review import Progress, ReviewsDone, reviewing
from desktop_app.state.examples.texts_seen import TextsSeen
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Touched
from desktop_app.storage.project.set_facts import SetNumbers

SETTLE_MS = 300
"""Edits come in bursts; looking begins when they pause."""

QUIET_MS = 2000
PER_CONVERSATION = 50
"""The whole set is read after a pause that is longer, the larger it is: a millisecond for 50."""

TELL_EVERY_MS = 2000
FEW = 20
"""So many conversations are mended without leaving the window's thread: within milliseconds."""


class SetChecks(QObject):
    """`findings` are about the whole set, what blocks first.

    `changed`: `progress` or `error` did. `advice_stored`: the project has other advice on its
    conversations, so that rows and counts are to be read anew.
    """

    changed = Signal()
    findings_changed = Signal(object)
    advice_stored = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        rules: ChosenRules,
        bulk: BulkEdit,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._rules = rules
        self._bulk = bulk
        self._runner = runner
        self._task: Task | None = None
        # None: any may have changed.
        self._unseen: set[int] | None = None
        self._numbers: SetNumbers | None = None
        self._file_sizes = (0, 0)
        self._advice: tuple[SetFinding, ...] = ()
        self.texts: TextFacts | None = None
        self._seen = TextsSeen()
        self._told = QElapsedTimer()
        self.findings: list[SetFinding] = []
        self.progress: Progress | None = None
        self.error: Exception | None = None
        self._settle = self._timer(SETTLE_MS)
        self._settle.timeout.connect(self._review)
        self._quiet = self._timer(QUIET_MS)
        self._quiet.timeout.connect(self._advise)
        open_project.opened.connect(self._start_over)
        open_project.closing.connect(self._stop)
        open_project.closed.connect(self._start_over)
        open_project.changed.connect(self._follow)
        rules.changed.connect(self._take_rules)
        self._start_over()

    @property
    def is_current(self) -> bool:
        """Whether all is looked through as it now stands."""
        waits = self._settle.isActive() or self._quiet.isActive()
        return self._task is None and not waits and self.error is None

    def apply_to_all(self, code: str) -> bool:
        """Mend or mask wherever this was found, as one step.

        Returns False where it was found nowhere, or while another large step runs.
        """
        if not self._open_project.is_open:
            return False
        rules = self._rules.rules
        ids = self._open_project.project.ids(Filter(code=code))
        if not ids:
            ids = self._open_project.project.ids(
                Filter(problems_only=True, refused_traits=int(rules.refused))
            )
        if not ids:
            return False
        if code in MASKED:
            label = self.tr("Masking in %Ln conversation(s)", "", len(ids))
        else:
            label = self.tr("Mending %Ln conversation(s)", "", len(ids))
        few = ids if len(ids) <= FEW else ()
        return self._bulk.run(label, fixing(code, rules, ids), few)

    @Slot()
    def look_again(self) -> None:
        """Something else became known, as the tokens of each conversation."""
        if self._open_project.is_open and self._task is None:
            self._wait_for_quiet()

    # Following the project

    @Slot()
    def _start_over(self) -> None:
        self._stop()
        self._unseen, self._numbers, self.texts, self.error = None, None, None, None
        self._seen = TextsSeen()
        self._advice, self._file_sizes = (), (0, 0)
        self._tell_findings()
        self.changed.emit()
        if self._open_project.is_open:
            self._settle.start()

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        self._stop()
        if not touched.ids:
            self._unseen = None
        elif self._unseen is not None:
            self._unseen.update(touched.ids)
        self._settle.start()

    @Slot()
    def _take_rules(self) -> None:
        self._tell_findings()
        self.look_again()

    @Slot()
    def _stop(self) -> None:
        """Give up what is going on: it would be about texts that are no longer so."""
        self._settle.stop()
        self._quiet.stop()
        if self._task is not None:
            self._task.progressed.disconnect(self._note_progress)
            self._task.succeeded.disconnect(self._take)
            self._task.failed.disconnect(self._fail)
            self._task.cancel()
        self._task, self.progress = None, None

    # Looking

    @Slot()
    def _review(self) -> None:
        ids = None if self._unseen is None else sorted(self._unseen)
        self._run(self._runner.run_blocking(reviewing(self._open_project.path, ids, self._seen)))

    @Slot()
    def _advise(self) -> None:
        limit = self._rules.length_limit
        work = advising_on_the_set(self._open_project.path, limit, self.texts, self._seen)
        self._run(self._runner.run_blocking(work))

    def _run(self, task: Task) -> None:
        self._task = task
        self._told.start()
        task.progressed.connect(self._note_progress)
        task.succeeded.connect(self._take)
        task.failed.connect(self._fail)

    @Slot(object)
    def _note_progress(self, progress: Progress | SetAdvice) -> None:
        if isinstance(progress, SetAdvice):
            self._take_advice(progress)
            return
        self.progress = progress
        self.changed.emit()
        if self._told.elapsed() > TELL_EVERY_MS:
            self._told.start()
            self.advice_stored.emit()

    @Slot(object)
    def _take(self, result: ReviewsDone | SetAdvice) -> None:
        self._task, self.progress, self.error = None, None, None
        if isinstance(result, ReviewsDone):
            self._take_reviews(result)
        else:
            self._take_advice(result)
        self.changed.emit()

    def _take_advice(self, advice: SetAdvice) -> None:
        near: tuple[SetFinding, ...] = ()
        if advice.texts is not None:
            self.texts = advice.texts
        else:
            # Said before, and until it is known better.
            near = tuple(each for each in self._advice if each.code in OF_NEAR_ONES)
        self._advice, self._file_sizes = (*advice.findings, *near), advice.file_sizes
        if advice.stored:
            self.advice_stored.emit()
        self._tell_findings()

    def _take_reviews(self, done: ReviewsDone) -> None:
        is_first = self._unseen is None
        self._unseen = set()
        self._numbers = done.numbers
        if is_first:
            self._quiet.start(0)
        else:
            self._wait_for_quiet()
        self._rules.note_kinds(done.numbers.preference, done.numbers.total)
        self._tell_findings()
        if done.reviewed:
            self.advice_stored.emit()

    def _wait_for_quiet(self) -> None:
        total = self._numbers.total if self._numbers else 0
        self._quiet.start(QUIET_MS + total // PER_CONVERSATION)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        """Nothing is tried again until something changes: a full disk stays full."""
        self._task, self.progress, self.error = None, None, error
        self.changed.emit()

    def _tell_findings(self) -> None:
        findings: list[SetFinding] = []
        if self._numbers is not None:
            findings = [*check_set(self._size(self._numbers), self._rules.rules), *self._advice]
        if findings != self.findings:
            self.findings = findings
            self.findings_changed.emit(findings)

    def _size(self, numbers: SetNumbers) -> SetSize:
        return SetSize(numbers.training, numbers.test, numbers.preference, *self._file_sizes)

    def _timer(self, pause: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(pause)
        return timer


def fixing(code: str, rules: Rules, ids: Sequence[int]) -> Step:
    """Make the step that mends a kind of finding in these, and returns in how many it could."""

    def step(project: Project, control: StepControl) -> int:
        changes: list[tuple[int, Conversation]] = []
        for done, id_ in enumerate(ids):
            if control():
                return 0
            mended = fix_all(project.conversation(id_), code, rules)
            if mended is not None:
                changes.append((id_, mended))
            control.tell(done + 1, len(ids))
        if changes:
            project.replace_many(changes, label="mask" if code in MASKED else "fix")
        return len(changes)

    return step
