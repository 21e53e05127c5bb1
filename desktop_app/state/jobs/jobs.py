"""The fine-tuning jobs of the open project: starting, following, stopping, and what they made."""

import msgspec
from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.estimate import training_cost
from desktop_app.core.cost.prices import PriceList
from desktop_app.core.jobs.curve import Curve, loss_curve
from desktop_app.core.jobs.job import JobEvent
from desktop_app.core.jobs.phases import Phase
from desktop_app.provider.connections.profile import ConnectionKind
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.actions import JobActions
from desktop_app.state.jobs.doubts import PAUSES, Doubt, JobDoubts
from desktop_app.state.jobs.files import remove_files
from desktop_app.state.jobs.followers import JobFollowers
from desktop_app.state.jobs.following import LOCAL, REMOTE, Pace
from desktop_app.state.jobs.notices import JobNotices
from desktop_app.state.jobs.obstacles import obstacles
from desktop_app.state.jobs.places import is_local, leads_elsewhere
from desktop_app.state.jobs.plan import JobPlan, Obstacle, TunedModel
from desktop_app.state.jobs.records import is_active
from desktop_app.state.jobs.starter import JobStarter
from desktop_app.state.jobs.store import JobStore
from desktop_app.state.notices import Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.jobs import JobRecord


class Jobs(QObject):
    """All jobs, by the UUID of their submission.

    `changed`: which jobs there are, their states, or the models they made. `job_changed`: anything
    about one. `chat_requested` and `evaluate_requested` carry a TunedModel; `tab_requested` names
    a tab, and `shown` a job to be brought to the front.
    """

    changed = Signal()
    job_changed = Signal(str)
    finished = Signal(str)
    chat_requested = Signal(object)
    evaluate_requested = Signal(object)
    tab_requested = Signal(str)
    shown = Signal(str)

    def __init__(
        self,
        open_project: OpenProject,
        connections: Connections,
        runner: TaskRunner,
        notices: Notices,
        parent: QObject | None = None,
        *,
        paces: tuple[Pace, Pace] = (LOCAL, REMOTE),
        look_pauses: tuple[float, ...] = PAUSES,
        prices: PriceList | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._connections = connections
        self._runner = runner
        self._prices = prices
        self._store = JobStore(open_project, self)
        self._notices = JobNotices(self._store, notices, self)
        self._starter = JobStarter(
            self._store, open_project, connections, runner, self._notices, self
        )
        self._followers = JobFollowers(self._store, connections, runner, self, paces)
        self._doubts = JobDoubts(self._store, connections, runner, self, look_pauses)
        self._curves: dict[str, tuple[object, Curve]] = {}
        self._actions = JobActions(self._store, connections, runner, self)
        self._connect()
        if open_project.is_open:
            self._load()

    def _connect(self) -> None:
        self._open_project.opened.connect(self._load)
        self._open_project.closed.connect(self._unload)
        self._store.changed.connect(self.changed)
        self._store.job_changed.connect(self.job_changed)
        self._store.failed.connect(self._take_unwritten)
        self._followers.heard.connect(self._notices.heard)
        self._followers.silent.connect(self._notices.silent)
        self._followers.silent.connect(self.job_changed)
        self._followers.finished.connect(self._finish)
        self._starter.progressed.connect(self.job_changed)
        self._starter.created.connect(self._followers.follow)
        self._starter.unclear.connect(self._doubts.look)
        self._doubts.found.connect(self._followers.follow)
        self._doubts.changed.connect(self._take_doubt)
        self._actions.changed.connect(self.job_changed)
        self._actions.failed.connect(self._notices.failed)
        self._notices.chat.connect(self.chat)
        self._notices.shown.connect(self.shown)
        self._notices.obstacle.connect(self.tab_requested)

    # What there is

    def records(self) -> list[JobRecord]:
        """All jobs, newest first."""
        return self._store.records()

    def record(self, submission: str) -> JobRecord | None:
        return self._store.record(submission)

    def events(self, submission: str) -> list[JobEvent]:
        """What happened, oldest first."""
        return self._store.events(submission)

    def curve(self, submission: str) -> Curve:
        """What was measured; empty before anything was."""
        record = self.record(submission)
        if record is None or record.job is None:
            return Curve()
        events = self.events(submission)
        made_of = (len(events), record.job.hyperparameters, record.checkpoints)
        known = self._curves.get(submission)
        if known is None or known[0] != made_of:
            known = (made_of, loss_curve(record.job, events, record.checkpoints))
            self._curves[submission] = known
        return known[1]

    def doubt(self, submission: str) -> Doubt | None:
        """What is known of a job that may or may not have been created."""
        return self._doubts.doubt(submission)

    def upload_share(self, submission: str) -> float | None:
        """How much of the files has been sent, 0 to 1; None when nothing is being sent."""
        return self._starter.share(submission)

    def leads_elsewhere(self, submission: str) -> bool:
        """Whether a job cannot be followed because its connection changed its address."""
        record = self.record(submission)
        return record is not None and leads_elsewhere(self._connections, record)

    def billed(self, record: JobRecord) -> float | None:
        """What the tokens that a service has billed cost, in US dollars, by its known prices."""
        tokens = record.job.trained_tokens if record.job else None
        profile = self._connections.profile(record.connection)
        if profile is None or profile.kind is not ConnectionKind.OPENAI:
            return None
        price = self._prices and record.request and self._prices.find(record.request.model)
        if tokens is None or not price or price.training is None:
            return None
        return float(training_cost(tokens, 1, price.training))

    @property
    def active_count(self) -> int:
        """How many jobs are not over."""
        return sum(map(is_active, self.records()))

    @property
    def running_on_this_computer(self) -> bool:
        """Whether the engine has work that closing the program would concern."""
        return any(is_active(r) and is_local(r.connection) for r in self.records())

    def tuned_models(self, connection_id: str) -> list[TunedModel]:
        """The models made at a connection, newest first; a finished one before those on its way."""
        made: list[TunedModel] = []
        for record in self.records():
            if record.connection == connection_id and record.job is not None:
                final = record.job.fine_tuned_model
                if final:
                    made.append(TunedModel(record.name, final, record.submission))
                made += [
                    TunedModel(record.name, kept.model, record.submission, kept.step)
                    for kept in reversed(record.checkpoints)
                    if kept.model != final
                ]
        return made

    # Starting

    def obstacles(self, plan: JobPlan) -> list[Obstacle]:
        """Why this plan cannot be started now; empty if it can."""
        return obstacles(plan, self._open_project, self._connections)

    def submit(self, plan: JobPlan) -> str:
        """Start a job and return its submission, "" if something stands in the way."""
        return self._starter.submit(plan)

    def look_again(self, submission: str) -> None:
        """Ask the service whether it has a job of which that is not known."""
        record = self.record(submission)
        if record is not None and record.phase == Phase.CREATING:
            self._doubts.look(submission)

    def retry_uncertain(self, submission: str) -> None:
        """Send a job again, at the user's word, after a look that found nothing."""
        record = self.record(submission)
        nothing_found = self.doubt(submission) == Doubt.NOT_FOUND
        if record is None or record.phase != Phase.CREATING or not nothing_found:
            return
        self._doubts.clear(submission)
        self._store.put(msgspec.structs.replace(record, note=""))
        self._starter.create_again(submission)

    def give_up_uncertain(self, submission: str) -> None:
        """Let a job go of which a look found nothing."""
        if self.doubt(submission) == Doubt.NOT_FOUND:
            self._doubts.clear(submission)
            note = self.tr("Given up: there was no clear answer, and no such job was listed.")
            self._starter.give_up(submission, note)

    @Slot(str)
    def _take_doubt(self, id: str) -> None:
        record = self.record(id)
        settled = self.doubt(id) != Doubt.LOOKING
        if settled and record is not None and record.phase == Phase.UPLOADING:
            # Nothing had been asked of the service but to take files.
            self._doubts.clear(id)
            self._starter.give_up(id, self._interrupted())
        self.job_changed.emit(id)
        self.changed.emit()

    # What becomes of them

    def is_acting(self, submission: str) -> bool:
        """Whether a pause, a stop or a deletion is under way at the service."""
        return self._actions.is_busy(submission)

    def is_silent(self, submission: str) -> bool:
        """Whether the service did not answer the last time it was asked."""
        return self._notices.is_silent(submission)

    def cancel(self, submission: str) -> None:
        """Stop a job for good; one that has not been created yet is not created."""
        record = self.record(submission)
        if record is None:
            return
        if record.phase in (Phase.PREPARING, Phase.UPLOADING):
            self._starter.give_up(
                submission, self.tr("Cancelled before the job was created. Nothing is charged.")
            )
        else:
            self._actions.cancel(submission)

    def pause(self, submission: str) -> None:
        self._actions.pause(submission)

    def resume(self, submission: str) -> None:
        self._actions.resume(submission)

    def delete_uploads(self, submission: str) -> None:
        """Delete at the service the files that were sent for a job that is over."""
        record = self.record(submission)
        if record is not None and not is_active(record):
            self._actions.delete_uploads(submission)

    def can_remove(self, submission: str) -> bool:
        """Whether a job may be taken off the list: it is over, or cannot be asked for any more."""
        record = self.record(submission)
        if record is None:
            return False
        return not is_active(record) or leads_elsewhere(self._connections, record)

    def remove(self, submission: str) -> None:
        """Take a job off the project's list; what it made stays where it is."""
        if self.can_remove(submission):
            self._followers.stop(submission)
            self._store.remove(submission)

    @Slot(str)
    def chat(self, submission: str, step: int | None = None) -> None:
        """Ask for Chat with what a job made: the finished model, or the one kept at a step."""
        self._offer(self.chat_requested, "chat", submission, step)

    def evaluate(self, submission: str) -> None:
        """Ask for Evaluate with the finished model of a job."""
        self._offer(self.evaluate_requested, "evaluate", submission, None)

    def _offer(self, signal: SignalInstance, tab: str, submission: str, step: int | None) -> None:
        record = self.record(submission)
        for model in self.tuned_models(record.connection) if record else []:
            if model.submission == submission and model.step == step:
                self._notices.seen(submission)
                signal.emit(model)
                self.tab_requested.emit(tab)
                return

    # The project

    @Slot()
    def _load(self) -> None:
        """Take up every unfinished job where it was left. Nothing is created here."""
        self._stop()
        try:
            self._store.load()
        except ProjectError as error:
            self._take_unwritten("", error)
            return
        for record in self.records():
            id = record.submission
            if record.phase in (Phase.PREPARING, Phase.UPLOADING):
                remove_files(id)
            if record.phase == Phase.PREPARING:
                self._starter.give_up(id, self._interrupted())
            elif record.phase in (Phase.UPLOADING, Phase.CREATING):
                self._doubts.look(id)
            elif is_active(record):
                self._followers.follow(id)

    @Slot()
    def _unload(self) -> None:
        self._stop()
        self._curves.clear()
        self._store.clear()

    def _stop(self) -> None:
        self._starter.stop()
        self._followers.stop_all()
        self._doubts.stop()
        self._actions.stop()
        self._notices.clear()

    @Slot(str)
    def _finish(self, id: str) -> None:
        self._notices.ended(id)
        self.finished.emit(id)

    @Slot(str, object)
    def _take_unwritten(self, _id: str, _error: object) -> None:
        self._notices.unwritten()

    def _interrupted(self) -> str:
        return self.tr("The program ended before the job was created. Nothing was created.")
