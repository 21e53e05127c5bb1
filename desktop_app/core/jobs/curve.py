"""The loss curve: what was measured at each step, and which steps were kept as models."""

from collections.abc import Sequence
from math import isfinite

from msgspec import Struct

from desktop_app.core.jobs.job import Checkpoint, Job, JobEvent


class Point(Struct, frozen=True):
    """A loss (nats a token) at a step."""

    step: int
    loss: float


class Kept(Struct, frozen=True):
    """A model kept at the end of a pass. `loss` is where it lies on the curve, if anywhere."""

    number: int
    step: int
    model: str
    loss: float | None = None


class Curve(Struct, frozen=True):
    """All that is drawn, in order of steps."""

    training: tuple[Point, ...] = ()
    test: tuple[Point, ...] = ()
    kept: tuple[Kept, ...] = ()
    total_steps: int | None = None
    epochs: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured yet."""
        return not self.training and not self.test


def usable(loss: float | None) -> float | None:
    """A loss that can be drawn: some services write -1 for "not measured here"."""
    return loss if loss is not None and isfinite(loss) and loss >= 0 else None


def loss_curve(job: Job, events: Sequence[JobEvent], checkpoints: Sequence[Checkpoint]) -> Curve:
    """Build the curve from events and checkpoints, both oldest first.

    A step that was done twice, because a job went on from a checkpoint, counts as it came last.
    At one step a loss over the whole test set counts before one over a part of it.
    """
    training: dict[int, float] = {}
    test: dict[int, float] = {}
    total_steps = None
    for event in events:
        metrics = event.metrics
        if metrics is None or metrics.step is None:
            continue
        total_steps = metrics.total_steps or total_steps
        _put(training, metrics.step, usable(metrics.train_loss))
        whole = usable(metrics.full_valid_loss)
        _put(test, metrics.step, usable(metrics.valid_loss) if whole is None else whole)
    for checkpoint in checkpoints:
        _put(test, checkpoint.step, usable(checkpoint.metrics.full_valid_loss))
    epochs = job.hyperparameters.n_epochs
    return Curve(
        _points(training),
        _points(test),
        _kept(checkpoints, test or training, total_steps, epochs),
        total_steps,
        epochs,
    )


def pass_number(step: int, total_steps: int | None, epochs: int | None) -> int | None:
    """Return which pass (from 1) ends at a step, None where the steps in a pass are unknown."""
    if not total_steps or not epochs:
        return None
    return max(1, round(step * epochs / total_steps))


def _kept(
    checkpoints: Sequence[Checkpoint],
    losses: dict[int, float],
    total_steps: int | None,
    epochs: int | None,
) -> tuple[Kept, ...]:
    ordered = sorted(checkpoints, key=lambda checkpoint: checkpoint.step)
    return tuple(
        Kept(
            pass_number(checkpoint.step, total_steps, epochs) or place,
            checkpoint.step,
            checkpoint.model,
            losses.get(checkpoint.step),
        )
        for place, checkpoint in enumerate(ordered, start=1)
    )


def _put(losses: dict[int, float], step: int, loss: float | None) -> None:
    if loss is not None:
        losses[step] = loss


def _points(losses: dict[int, float]) -> tuple[Point, ...]:
    return tuple(Point(step, losses[step]) for step in sorted(losses))
