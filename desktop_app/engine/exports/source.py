"""What an export is made from, and what is known of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from desktop_app.engine.backends.model_files.model_file import Value
from desktop_app.engine.exports.kinds import ExportKind
from desktop_app.engine.exports.merging import Merged
from desktop_app.engine.exports.model_card import CardFacts
from desktop_app.engine.jobs_runner.settings import (
    PEAK_LEARNING_RATE,
    PEAK_PREFERENCE_RATE,
    resolve,
)
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.models.origin import Origin
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.records import FILES, JOBS, CheckpointRecord, JobRecord
from desktop_app.engine.store.table import UnknownIdError

_LOSSES = {
    "train_loss": "Training loss",
    "valid_loss": "Held-out loss (sample)",
    "full_valid_loss": "Held-out loss",
}


@dataclass(frozen=True)
class Source:
    """A model's parts. `checkpoint` is None for a base model, `job` where none here made it.

    `origin` is what is kept of a base model that was fetched.
    """

    model: str
    base: str
    base_path: Path
    adapter: Path | None
    checkpoint: CheckpointRecord | None
    job: JobRecord | None
    file_name: str
    hub: str
    origin: Origin | None = None


def source_of(models: ModelList, database: Database, model: str) -> Source:
    """Find what a model is made of. Raises UnknownIdError, and ModelFileError for damage."""
    files = models.files(model)
    checkpoint = models.checkpoint(model)
    job, file_name = None, ""
    if checkpoint is not None:
        with database.reading() as connection:
            try:
                job = JOBS.get(connection, checkpoint.job)
                file_name = FILES.get(connection, job.training_file).filename
            except UnknownIdError:
                pass  # an adapter from elsewhere, or a file that was deleted after training
    base = model if checkpoint is None else checkpoint.base
    hub = models.hub_name(files.base)
    origin = models.origin(files.base)
    return Source(model, base, files.base, files.adapter, checkpoint, job, file_name, hub, origin)


def folder_name(model: str, kind: ExportKind) -> str:
    """Return the name of an export: the model's own, without what no file may be called."""
    parts = [part for part in model.removeprefix("ft:").split(":") if part and part != "local"]
    plain = re.sub(r"[^\w.-]+", "-", "-".join(parts)).strip(".-") or "model"
    return f"{plain[:100]}-{str(kind).removeprefix('gguf-')}"


def card_facts(
    source: Source, merged: Merged, kind: ExportKind, name: str, *, title: str, data: str
) -> CardFacts:
    """Gather what the model card says."""
    settings, origin = merged.file.settings, source.origin or Origin("", ())
    job, checkpoint = source.job, source.checkpoint
    further = _licence_taken(origin)
    if checkpoint is not None and job is None:
        further.append("The adapter was made elsewhere; its training is not known here.")
    if job is not None and job.base is not None:
        further.append(f"Training went on from an earlier tuned model, {job.model}.")
    return CardFacts(
        title=title or name,
        model=source.model,
        kind=kind,
        file_name=f"{name}.gguf",
        base=_text(settings, "general.name") or source.base,
        base_file=source.base_path.name,
        hub=source.hub,
        licence=origin.licence.id or _text(settings, "general.license"),
        languages=origin.languages or _languages(settings),
        data=data or source.file_name,
        examples=job.n_examples if job else 0,
        settings=_settings(merged, job),
        losses=_losses(checkpoint),
        finished_at=checkpoint.created_at if checkpoint else None,
        further=tuple(further),
    )


def _licence_taken(origin: Origin) -> list[str]:
    """Say under which licence the base was fetched, and when that was accepted."""
    if origin.accepted_at is None:
        return []
    licence = origin.licence
    named = ", ".join(filter(None, [licence.name or licence.id, licence.url]))
    day = datetime.fromtimestamp(origin.accepted_at, UTC).date().isoformat()
    return [f"The base model's licence ({named or 'none is stated'}) was accepted on {day}."]


def _settings(merged: Merged, job: JobRecord | None) -> tuple[tuple[str, str], ...]:
    rows = []
    if merged.lora:
        rank, alpha = merged.lora.rank, merged.lora.alpha
        rows.append(("LoRA", f"rank {rank}, alpha {alpha:g}, all linear layers"))
    if job is not None:
        used = job.resolved or resolve(job.requested, job.n_examples)
        peak = PEAK_LEARNING_RATE if used.beta is None else PEAK_PREFERENCE_RATE
        rate = peak * (used.learning_rate_multiplier or 1.0)
        rows += [
            ("Method", job.method),
            ("Passes", str(used.n_epochs)),
            ("Batch size", str(used.batch_size)),
            ("Peak learning rate", f"{rate:g}"),
            ("Seed", str(job.seed)),
        ]
        if used.beta is not None:
            rows.append(("Beta", f"{used.beta:g}"))
        if job.trained_tokens is not None:
            rows.append(("Trained tokens", str(job.trained_tokens)))
    return tuple(rows)


def _losses(checkpoint: CheckpointRecord | None) -> tuple[tuple[str, str], ...]:
    if checkpoint is None or not checkpoint.metrics:
        return ()
    rows = [("Steps", str(checkpoint.step))]
    for name, label in _LOSSES.items():
        if name in checkpoint.metrics:
            rows.append((label, f"{checkpoint.metrics[name]:.3f}"))
    return tuple(rows)


def _text(settings: Mapping[str, Value], key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""


def _languages(settings: Mapping[str, Value]) -> tuple[str, ...]:
    value = settings.get("general.languages")
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
