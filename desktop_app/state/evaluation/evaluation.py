"""Evaluating: which models on which test set, how far it is, and what came out."""

import time
import uuid

import msgspec
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.evaluation.report import Report
from desktop_app.provider.provider import ProviderError
from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.chat.model_choices import ModelChoices
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.evaluation.document import (
    CANCELLED,
    DONE,
    FAILED,
    RUNNING,
    EvaluationDocument,
)
from desktop_app.state.evaluation.report import EvaluationReport
from desktop_app.state.evaluation.run import Errand, Measured, evaluating
from desktop_app.state.evaluation.store import EvaluationStore
from desktop_app.state.evaluation.test_set import TestSet
from desktop_app.state.evaluation.test_set_reader import TestSetReader
from desktop_app.state.jobs.facts import is_free
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import TunedModel
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError

TOPIC = "evaluation"
SAVE_EVERY_MS = 1000

replace = msgspec.structs.replace


class Evaluation(QObject):
    """One evaluation is in front (`current`), at most one runs.

    `changed`: anything but progress. `progressed`: one more outcome. `report_changed`: `report`.
    """

    changed = Signal()
    progressed = Signal()
    report_changed = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        jobs: Jobs,
        connections: Connections,
        runner: TaskRunner,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._jobs = jobs
        self._connections = connections
        self._runner = runner
        self._notices = notices
        self._task: Task | None = None
        self._running_id = ""
        self._starts = False
        self._clock = QElapsedTimer()
        self._done_before = 0
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_EVERY_MS)
        self._save_timer.timeout.connect(self._save)
        self.choices = ModelChoices(jobs, connections, open_project, "evaluation_models", self)
        self.store = EvaluationStore(open_project, runner, self)
        self._tests = TestSetReader(open_project, runner, self)
        self.tuned: ModelChoice | None = None
        self.base: ModelChoice | None = None
        self.current: EvaluationDocument | None = None
        self._report = EvaluationReport(runner, self)
        self._connect(jobs)
        self._follow_choices()

    def _connect(self, jobs: Jobs) -> None:
        jobs.evaluate_requested.connect(self.prepare)
        self.choices.changed.connect(self._follow_choices)
        self.store.changed.connect(self._follow_store)
        self.store.failed.connect(self._tell_unwritten)
        self._report.changed.connect(self.report_changed)
        self._open_project.opened.connect(self._start_over)
        self._open_project.closed.connect(self._start_over)
        self._open_project.changed.connect(self.changed)
        self._tests.arrived.connect(self._take_test_set)
        self._tests.failed.connect(self._take_unread)

    # What there is

    @property
    def is_open(self) -> bool:
        return self._open_project.is_open

    @property
    def is_running(self) -> bool:
        return self._task is not None or self._starts

    @property
    def is_current_running(self) -> bool:
        return self.is_running and self.current is not None and self.current.state == RUNNING

    @property
    def report(self) -> Report | None:
        """The figures of the evaluation in front, as far as they have come."""
        return self._report.report

    @property
    def n_conversations(self) -> int:
        return self._open_project.counts.conversations

    @property
    def n_test(self) -> int:
        return self._open_project.counts.test

    @property
    def test_set(self) -> TestSet | None:
        """The conversations held out, as they were when last read."""
        return self._tests.test_set

    @property
    def has_test_set_changed(self) -> bool:
        """Whether the test set is another one than that of the evaluation in front."""
        if self.current is None or self.test_set is None:
            return False
        return self.current.fingerprint != self.test_set.fingerprint

    @property
    def knew_test_set(self) -> bool:
        """Whether the tuned model's job had no conversations held out: it may have learned them."""
        record = self._jobs.record(self.tuned.submission) if self.tuned is not None else None
        return record is not None and record.n_test == 0

    @property
    def seconds_left(self) -> float | None:
        """What the run will still take at its pace so far; None while that is not known."""
        document = self.current
        if document is None or not self.is_current_running or not self._clock.isValid():
            return None
        done = document.n_done - self._done_before
        left = document.n_in_all - document.n_done
        return left * self._clock.elapsed() / 1000 / done if done > 0 else None

    @property
    def sends_to(self) -> str:
        """The host that the test conversations go to; '' for this computer."""
        chosen = self.tuned or self.base
        profile = self._connections.profile(chosen.connection) if chosen is not None else None
        return profile.base_url if profile is not None else ""

    @property
    def is_free(self) -> bool:
        """Whether the models that are chosen answer for nothing, as an engine's do."""
        chosen = self.tuned or self.base
        return chosen is not None and is_free(self._connections, chosen.connection)

    # Choosing

    def choose_tuned(self, choice: ModelChoice) -> None:
        """Take this model; until then the newest one is taken, as models are made."""
        self.choices.keep(choice, self.choices.kept[1])
        self.tuned = choice
        self.changed.emit()

    def choose_base(self, choice: ModelChoice) -> None:
        self.choices.keep(self.choices.kept[0], choice)
        self.base = choice
        self.changed.emit()

    @Slot(object)
    def prepare(self, tuned: TunedModel) -> None:
        """Choose a model that a job made."""
        choice = self.choices.of(tuned)
        if choice is not None:
            self.choose_tuned(choice)

    def select(self, id: str) -> None:
        """Bring a kept evaluation to the front."""
        document = self.store.document(id)
        if document is not None and (self.current is None or id != self.current.id):
            self.current = document
            self._report.clear()
            self._report.refresh(document)
            self.changed.emit()

    def delete(self, id: str) -> None:
        """Take an evaluation out of the project; one that runs is cancelled."""
        if id == self._running_id:
            self.cancel()
        try:
            self.store.remove(id)
        except ProjectError as error:
            self._tell_unwritten(error)

    # Running

    def refresh(self) -> None:
        """Read the test set again if the project has changed since."""
        self._tests.refresh()

    def run(self) -> None:
        """Begin a new evaluation of the models that are chosen."""
        models = tuple(each for each in (self.tuned, self.base) if each is not None)
        if not models or self.is_running or not self.is_open:
            return
        self.current = EvaluationDocument(
            id=str(uuid.uuid4()),
            created_at=time.time(),
            models=models,
            cases=(),
            fingerprint="",
            outcomes=tuple({} for _ in models),
        )
        self._report.clear()
        self._start()

    def resume(self) -> None:
        """Go on with the evaluation in front: only what is missing is asked."""
        if self.current is not None and not self.is_running and self.current.can_go_on:
            again = self.current.without_problems()
            self.current = replace(again, state=RUNNING, problem="", detail="")
            self._start()

    @Slot()
    def cancel(self) -> None:
        """End the run; what has come is kept."""
        document = self._running
        self._stop()
        if document is not None and document.cases:
            self._put(replace(document, state=CANCELLED))
        self._follow_store()
        self.changed.emit()

    def _start(self) -> None:
        assert self.current is not None
        self._running_id = self.current.id
        self._starts = True
        self.refresh()
        self.changed.emit()
        if self._tests.is_current:
            self._ask()

    def _ask(self) -> None:
        """Ask what is missing, now that the test set is known."""
        document, test_set = self._running, self.test_set
        self._starts = False
        if document is None or test_set is None:
            return
        if not test_set.cases:
            self._give_up()
            return
        if not document.cases:
            cases = tuple(each.case for each in test_set.cases)
            document = replace(document, cases=cases, fingerprint=test_set.fingerprint)
        wanted = {each.key for each in document.cases}
        errands = [
            Errand(model, each)
            for each in test_set.cases
            for model, outcomes in enumerate(document.outcomes)
            if each.case.key in wanted and each.case.key not in outcomes
        ]
        self._done_before = document.n_done
        self._clock.start()
        self._task = self._runner.run(
            evaluating(self._connections.provider, document.models, errands), batch=True
        )
        self._task.progressed.connect(self._take)
        self._task.succeeded.connect(self._succeed)
        self._task.failed.connect(self._fail)
        self._put(document)
        self.changed.emit()

    def _give_up(self) -> None:
        self.cancel()
        text = self.tr(
            "None of the test conversations has a reply to compare with. Set others aside."
        )
        self._notices.post(Notice(text, "warning", topic=TOPIC))

    @property
    def _running(self) -> EvaluationDocument | None:
        if not self._running_id:
            return None
        if self.current is not None and self.current.id == self._running_id:
            return self.current
        return self.store.document(self._running_id)

    @Slot(object)
    def _take(self, measured: list[Measured]) -> None:
        document = self._running
        if document is None:
            return
        for each in measured:
            document = document.with_outcome(each.model, each.key, each.outcome)
        self._put(document, write=False)
        if not self._save_timer.isActive():
            self._save_timer.start()
        self.progressed.emit()

    @Slot()
    def _succeed(self) -> None:
        document = self._running
        self._stop()
        if document is not None:
            state = DONE if document.n_done == document.n_in_all else CANCELLED
            self._put(replace(document, state=state))
        self.changed.emit()

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        document = self._running
        self._stop()
        text, detail = self.tr("Something went wrong in this program. Try again."), ""
        if isinstance(error, ProviderError):
            text, detail = describe(error)
        if document is not None:
            self._put(replace(document, state=FAILED, problem=text, detail=detail))
        self.changed.emit()
        if not isinstance(error, ProviderError):
            raise error

    def _stop(self) -> None:
        self._save_timer.stop()
        if self._task is not None:
            self._task.progressed.disconnect(self._take)
            self._task.succeeded.disconnect(self._succeed)
            self._task.failed.disconnect(self._fail)
            self._task.cancel()
        self._task = None
        self._starts = False
        self._running_id = ""
        self._clock.invalidate()

    def _put(self, document: EvaluationDocument, *, write: bool = True) -> None:
        if self.current is not None and self.current.id == document.id:
            self.current = document
            self._report.refresh(document)
        self.store.put(document, write=write)

    @Slot()
    def _save(self) -> None:
        document = self._running
        if document is not None and document.cases:
            self.store.put(document)

    # Following the others

    @Slot()
    def _take_test_set(self) -> None:
        if self._starts:
            self._ask()
        self.changed.emit()

    @Slot(object)
    def _take_unread(self, error: BaseException) -> None:
        self.cancel()
        text = self.tr("The test conversations could not be read.")
        self._notices.post(Notice(text, "bad", str(error), topic=TOPIC))

    @Slot()
    def _follow_choices(self) -> None:
        tuned, base = self.choices.kept
        self.tuned = tuned or self.choices.newest
        self.base = self.choices.base if base is None or base == self.tuned else base
        self.changed.emit()

    @Slot()
    def _follow_store(self) -> None:
        documents = self.store.documents
        gone = self.current is not None and self.store.document(self.current.id) is None
        if (self.current is None or gone) and not self._starts:
            self.current = documents[0] if documents else None
            self._report.clear()
            if self.current is not None:
                self._report.refresh(self.current)
            self.changed.emit()

    @Slot()
    def _start_over(self) -> None:
        self._stop()
        self._follow_choices()
        self.current = None
        self._report.clear()
        self.changed.emit()

    @Slot(object)
    def _tell_unwritten(self, error: BaseException) -> None:
        text = self.tr("The evaluation could not be written into the project.")
        self._notices.post(Notice(text, "bad", str(error), topic=TOPIC))
