"""What about a job needs the user's attention, and what can be done about it."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.phases import Phase
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.doubts import Doubt
from desktop_app.state.jobs.facts import is_free
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.records import is_active
from desktop_app.state.jobs.refusals import failure
from desktop_app.state.jobs.texts import silence
from desktop_app.storage.project.jobs import JobRecord


class Remedial(StrEnum):
    """What the user may do."""

    LOOK_AGAIN = "look_again"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"
    START_ANEW = "start_anew"
    DELETE_UPLOADS = "delete_uploads"


@dataclass(frozen=True)
class Attention:
    """A tone of the theme, what is the matter, the service's own words, and the ways out."""

    tone: str
    text: str
    detail: str = ""
    ways: tuple[Remedial, ...] = ()


def attention(
    jobs: Jobs, connections: Connections, record: JobRecord, now: float
) -> Attention | None:
    """Return what to say above a job, None where all is well."""
    if jobs.leads_elsewhere(record.submission) and is_active(record):
        return _elsewhere(record)
    if record.phase == Phase.CREATING:
        return _doubtful(jobs, connections, record)
    if record.phase == Phase.NOT_CREATED:
        text, _, detail = record.note.partition("\n")
        return Attention("bad", text, detail, (Remedial.START_ANEW, *_deletion(record)))
    if record.job is not None and record.job.status == "failed":
        detail = (record.job.error.message if record.job.error else None) or ""
        ways = (Remedial.START_ANEW, *_deletion(record))
        return Attention("bad", failure(record.job.error), detail, ways)
    quiet = silence(record, now)
    if quiet:
        text = _tr("The service was {silence}. It is asked again and again; nothing is lost.")
        return Attention("warning", text.format(silence=quiet))
    return None


def _elsewhere(record: JobRecord) -> Attention:
    text = _tr(
        "This job was sent to {address}, and its connection no longer leads there. It is not asked "
        "for anywhere else. Set the connection back to follow it."
    )
    return Attention("warning", text.format(address=record.base_url or _tr("this computer")))


def _doubtful(jobs: Jobs, connections: Connections, record: JobRecord) -> Attention | None:
    doubt = jobs.doubt(record.submission)
    profile = connections.profile(record.connection)
    name = profile.name if profile else _tr("The service")
    if doubt is None:
        return None
    if doubt == Doubt.LOOKING:
        text = _tr("{name} gave no clear answer. Looking whether the job was created…")
        return Attention("", text.format(name=name))
    if doubt == Doubt.NOT_FOUND:
        text = _tr(
            "{name} gave no clear answer when the job was to be created, and lists no such job "
            "now. It may still turn up: look again in a minute. If you send it again and the first "
            "one turns up after all, there are two."
        )
        if not is_free(connections, record.connection):
            text += " " + _tr("Both would be charged.")
        ways = (Remedial.LOOK_AGAIN, Remedial.SEND_AGAIN, Remedial.GIVE_UP)
        return Attention("warning", text.format(name=name), record.note, ways)
    text = _tr(
        "It is not known whether {name} created the job: it gave no clear answer, and could not be "
        "asked again so far. Nothing is sent a second time before that is known."
    )
    return Attention("warning", text.format(name=name), record.note, (Remedial.LOOK_AGAIN,))


def _deletion(record: JobRecord) -> tuple[Remedial, ...]:
    return (Remedial.DELETE_UPLOADS,) if record.uploaded_files else ()


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_attention", text)
