"""Where a run begins: at a base model, or at a model that an earlier run has tuned."""

from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.identifiers import tuned_model_name
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.store.records import JobRecord


@dataclass(frozen=True)
class Origin:
    """What a new job begins with. `base` is the tuned model's, None if there is no tuned one."""

    base: str | None = None
    adapter: Path | None = None


def origin_of(models: ModelList, model: str) -> Origin:
    """Return where training goes on from this model.

    Raises UnknownIdError, and ModelFileError for damage or an adapter that is not there.
    """
    checkpoint = models.checkpoint(model)
    if checkpoint is None:
        models.trainable(model)
        return Origin()
    models.trainable(checkpoint.base)
    adapter = models.files(model).adapter
    if adapter is None or not adapter.is_dir() or not any(adapter.iterdir()):
        raise ModelFileError("its adapter is missing on the disk.")
    return Origin(checkpoint.base, adapter)


def model_name(job: JobRecord, step: int | None = None) -> str:
    """Return the name of the model that a job makes, or of its checkpoint after a step.

    ft:{base}:local:{suffix}:{letters}. Where training went on from a tuned model, that one's own
    letters stand behind the suffix: `polite-from-a1B2c3D4`.
    """
    suffix = job.suffix
    if job.base is not None:
        earlier = (job.model.split(":") + [""] * 5)[4]
        suffix = "-".join(part for part in (suffix, "from", earlier) if part)
    return tuned_model_name(job.base_model, suffix, job.id, step)
