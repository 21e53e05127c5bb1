"""Starting jobs: one JobSubmission for each that is on its way to its service."""

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.jobs.suffix import clean_suffix
from desktop_app.provider.provider import ProviderError
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.notices import JobNotices
from desktop_app.state.jobs.obstacles import obstacles
from desktop_app.state.jobs.places import address
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.state.jobs.records import not_created, planned
from desktop_app.state.jobs.refusals import refusal
from desktop_app.state.jobs.store import JobStore
from desktop_app.state.jobs.submission import JobSubmission, NotSentError
from desktop_app.state.open_project import OpenProject

LEAST_SUFFIX_LIMIT = 18
"""Characters of a model's suffix that every service takes (Azure the fewest)."""


class JobStarter(QObject):
    """`unclear` names a job that may or may not have been created."""

    progressed = Signal(str)
    created = Signal(str)
    unclear = Signal(str)

    def __init__(
        self,
        store: JobStore,
        open_project: OpenProject,
        connections: Connections,
        runner: TaskRunner,
        notices: JobNotices,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._open_project = open_project
        self._connections = connections
        self._runner = runner
        self._notices = notices
        self._submissions: dict[str, JobSubmission] = {}
        self._shares: dict[str, float] = {}

    def share(self, id: str) -> float | None:
        """How much of the files has been sent, 0 to 1; None when nothing is being sent."""
        return self._shares.get(id)

    def submit(self, plan: JobPlan) -> str:
        """Start a job and return its submission, "" if something stands in the way."""
        found = obstacles(plan, self._open_project, self._connections)
        if found:
            self._notices.refuse(found[0])
            return ""
        profile = self._connections.profile(plan.connection_id)
        limit = profile.capabilities.suffix_limit if profile else LEAST_SUFFIX_LIMIT
        record = planned(
            plan,
            base_url=address(self._connections, plan.connection_id),
            suffix=clean_suffix(plan.name, limit),
            n_test=self._open_project.counts.test,
        )
        if not self._store.put(record):
            self._store.forget(record.submission)
            return ""
        self._submission(record.submission).start(with_test=plan.use_test_as_validation)
        return record.submission

    def create_again(self, id: str) -> None:
        """Ask the service once more for a job whose files it has, at the user's word."""
        self._submission(id).create_again()

    def give_up(self, id: str, note: str) -> None:
        """End a submission of which nothing was created."""
        self._drop(id)
        record = self._store.record(id)
        if record is not None:
            self._store.put(not_created(record, note))

    def stop(self) -> None:
        """Send nothing further, as when a project closes."""
        for id in list(self._submissions):
            self._drop(id)

    def _submission(self, id: str) -> JobSubmission:
        """The one that sends a job; made at need."""
        if id not in self._submissions:
            made = JobSubmission(
                id, self._store, self._open_project, self._connections, self._runner, self
            )
            made.progressed.connect(self._take_share)
            made.created.connect(self._take_created)
            made.refused.connect(self._take_refusal)
            made.unclear.connect(self._take_unclear)
            self._submissions[id] = made
        return self._submissions[id]

    def _drop(self, id: str) -> None:
        self._shares.pop(id, None)
        submission = self._submissions.pop(id, None)
        if submission is not None:
            submission.stop()
            submission.deleteLater()

    @Slot(str, float)
    def _take_share(self, id: str, share: float) -> None:
        self._shares[id] = share
        self.progressed.emit(id)

    @Slot(str)
    def _take_created(self, id: str) -> None:
        self._drop(id)
        self.created.emit(id)

    @Slot(str, object)
    def _take_refusal(self, id: str, error: object) -> None:
        self.give_up(id, refusal(error))
        self._notices.refused(id)

    @Slot(str, object)
    def _take_unclear(self, id: str, error: object) -> None:
        self._drop(id)
        record = self._store.record(id)
        if record is not None and isinstance(error, ProviderError | NotSentError):
            self._store.put(msgspec.structs.replace(record, note=refusal(error)))
        self.unclear.emit(id)
