"""What Jobs tells its user without being asked."""

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.provider.provider import ProviderError
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.jobs.plan import Obstacle
from desktop_app.state.jobs.refusals import failure
from desktop_app.state.jobs.store import JobStore
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.storage.project.jobs import JobRecord

START_TOPIC = "job-start"
DISK_TOPIC = "job-disk"


class JobNotices(QObject):
    """Words notices about jobs, each once: what still holds is not said again.

    `shown`, `chat` and `obstacle` ask for what a notice's button offers.
    """

    shown = Signal(str)
    chat = Signal(str)
    obstacle = Signal(str)

    def __init__(self, store: JobStore, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._notices = notices
        self._silences: dict[str, str] = {}
        self._is_disk_told = False

    def clear(self) -> None:
        """Take everything back, as when a project closes."""
        for submission in [*self._silences]:
            self.heard(submission)
        self._is_disk_told = False

    def is_silent(self, submission: str) -> bool:
        """Whether the last question about a job got no answer."""
        return submission in self._silences

    def refuse(self, obstacle: Obstacle) -> None:
        """Say why a job cannot be started."""
        remedy = None
        if obstacle.tab:
            remedy = Remedy(obstacle.label, partial(self.obstacle.emit, obstacle.tab))
        self._notices.post(Notice(obstacle.text, "warning", remedy=remedy, topic=START_TOPIC))

    def refused(self, submission: str) -> None:
        """Say that a job was not created."""
        record = self._store.record(submission)
        if record is not None:
            text, _, detail = record.note.partition("\n")
            self._post(
                record,
                self.tr("{name} was not started. {why}").format(name=record.name, why=text),
                "bad",
                detail,
            )

    @Slot(str, object)
    def silent(self, submission: str, error: object) -> None:
        """Say once that a service does not answer; it is asked again all the same."""
        record = self._store.record(submission)
        known = isinstance(error, ProviderError)
        kind = error.kind.value if isinstance(error, ProviderError) else ""
        if record is None or self._silences.get(submission) == kind:
            return
        self._silences[submission] = kind
        why, detail = describe(error) if isinstance(error, ProviderError) else ("", "")
        text = self.tr("{name} cannot be followed for now. {why}").format(name=record.name, why=why)
        self._post(record, text.strip(), "warning" if known else "bad", detail)

    @Slot(str)
    def heard(self, submission: str) -> None:
        """The service answers again."""
        if self._silences.pop(submission, None) is not None:
            self._notices.withdraw(topic(submission))

    @Slot(str, object)
    def failed(self, submission: str, error: object) -> None:
        """Say that an action at the service failed."""
        record = self._store.record(submission)
        if record is not None and isinstance(error, ProviderError):
            text, detail = describe(error)
            self._post(record, f"{record.name}: {text}", "bad", detail)

    def seen(self, submission: str) -> None:
        """What is told of a job is known to whoever goes to its model."""
        self._notices.withdraw(topic(submission))

    def unwritten(self) -> None:
        """Say once that the project file cannot be written: jobs are heard of every second."""
        if self._is_disk_told:
            return
        self._is_disk_told = True
        text = self.tr(
            "What happens to the jobs cannot be written to the project file. Check the disk: it "
            "may be full or unplugged."
        )
        self._notices.post(Notice(text, "bad", topic=DISK_TOPIC))

    def ended(self, submission: str) -> None:
        """Say how a job ended."""
        record = self._store.record(submission)
        job = record.job if record else None
        if record is None or job is None:
            return
        if job.status == "succeeded" and job.fine_tuned_model:
            text = self.tr(
                "{name} is ready. Try it in Chat, or see under Evaluate what it learned."
            )
            remedy = Remedy(self.tr("Chat with it"), partial(self.chat.emit, submission))
            self._post(record, text.format(name=record.name), "good", remedy=remedy)
        elif job.status == "failed":
            text = self.tr("{name} failed. {why}").format(name=record.name, why=failure(job.error))
            detail = (job.error.message if job.error else None) or ""
            remedy = Remedy(self.tr("Show the job"), partial(self.shown.emit, submission))
            self._post(record, text, "bad", detail, remedy)

    def _post(
        self,
        record: JobRecord,
        text: str,
        level: str,
        detail: str = "",
        remedy: Remedy | None = None,
    ) -> None:
        self._notices.post(Notice(text, level, detail, remedy, topic(record.submission)))


def topic(submission: str) -> str:
    """The topic of all notices about one job, so that they replace each other."""
    return f"job-{submission}"
