"""What is worth knowing of one job: what was asked, what it cost, what came of it."""

import time

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.job import DPO, Hyperparameters, Job
from desktop_app.provider.connections.profile import DataPlace
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost.texts import money
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.texts import clock, elapsed
from desktop_app.storage.project.jobs import JobRecord

Fact = tuple[str, str]


def is_free(connections: Connections, connection_id: str) -> bool:
    """Whether nobody charges for training there: this computer, or an engine of the user's."""
    profile = connections.profile(connection_id)
    if profile is None:
        return False
    return profile.is_engine or profile.data_place is DataPlace.THIS_COMPUTER


def place(connections: Connections, record: JobRecord) -> str:
    """Return where a job trains, and which model."""
    profile = connections.profile(record.connection)
    model = record.request.model if record.request else ""
    return " · ".join(filter(None, (profile.name if profile else "", short_name(model))))


def cost(jobs: Jobs, connections: Connections, record: JobRecord) -> str:
    """Return what a job cost, or should cost; "" where that is not known."""
    if record.job is None:
        return ""
    if is_free(connections, record.connection):
        return _tr("free")
    billed = jobs.billed(record)
    if billed is not None:
        return money(billed)
    if record.estimate_usd is None or record.job.status in {"failed", "cancelled"}:
        return ""
    return _tr("about {sum}").format(sum=money(record.estimate_usd))


def facts(jobs: Jobs, connections: Connections, record: JobRecord) -> list[Fact]:
    """Return what to know of a job as label and value, empty values left out."""
    asked = record.request.hyperparameters if record.request else Hyperparameters()
    used = record.job.hyperparameters if record.job else Hyperparameters()
    found = [
        (_tr("Examples"), _version(record)),
        (_tr("Sent"), _conversations(record)),
        (_tr("Passes"), _setting(asked.n_epochs, used.n_epochs)),
        (_tr("Batch size"), _setting(asked.batch_size, used.batch_size)),
        (
            _tr("Learning rate"),
            _rate(asked.learning_rate_multiplier, used.learning_rate_multiplier),
        ),
        (_tr("How near it stays"), _beta(record, asked.beta, used.beta)),
        (_tr("Seed"), _seed(record)),
    ]
    found += _outcome(jobs, record)
    found += _sums(jobs, connections, record)
    return [(label, value) for label, value in found if value]


def _outcome(jobs: Jobs, record: JobRecord) -> list[Fact]:
    job = record.job
    if job is None:
        return []
    curve = jobs.curve(record.submission)
    tokens = job.trained_tokens
    found = [
        (_tr("Took") if job.is_finished else _tr("So far"), elapsed(_spent(job))),
        (_tr("Trained tokens"), f"{tokens:,}" if tokens else ""),
    ]
    if job.is_finished:
        training = curve.training[-1].loss if curve.training else None
        test = curve.test[-1].loss if curve.test else None
        found += [
            (_tr("Training loss"), "" if training is None else f"{training:.2f}"),
            (_tr("Held-out loss"), "" if test is None else f"{test:.2f}"),
            (_tr("Model"), job.fine_tuned_model or ""),
        ]
    return found


def _sums(jobs: Jobs, connections: Connections, record: JobRecord) -> list[Fact]:
    if is_free(connections, record.connection):
        return [(_tr("Cost"), _tr("free"))]
    estimate, billed = record.estimate_usd, jobs.billed(record)
    found = [(_tr("Estimated"), "" if estimate is None else money(estimate))]
    if billed is not None:
        found.append((_tr("Billed tokens cost"), money(billed)))
    return found


def _spent(job: Job) -> float:
    return (job.finished_at or time.time()) - job.created_at


def _version(record: JobRecord) -> str:
    """Name the version of the set; jobs of before there were versions have but their time."""
    name = record.version_name or clock(record.created_at)
    return _tr("version “{name}”").format(name=name)


def _conversations(record: JobRecord) -> str:
    if not record.n_training:
        return ""
    text = _tr("{training} training, {test} test")
    return text.format(training=record.n_training, test=record.n_test or _tr("no"))


def _setting(asked: int | None, used: int | None) -> str:
    if asked is not None:
        return str(asked)
    return _tr("automatic") if used is None else _tr("automatic: {n}").format(n=used)


def _rate(asked: float | None, used: float | None) -> str:
    if asked is not None:
        return f"× {asked:g}"
    return _tr("automatic") if used is None else _tr("automatic × {n}").format(n=f"{used:g}")


def _beta(record: JobRecord, asked: float | None, used: float | None) -> str:
    """Only of a job that learns from preferences; others have none."""
    if record.request is None or record.request.method != DPO:
        return ""
    if asked is not None:
        return f"{asked:g}"
    return _tr("automatic") if used is None else _tr("automatic: {n}").format(n=f"{used:g}")


def _seed(record: JobRecord) -> str:
    asked = record.request.seed if record.request else None
    used = record.job.seed if record.job else None
    seed = asked if used is None else used
    return "" if seed is None else str(seed)


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_facts", text)
