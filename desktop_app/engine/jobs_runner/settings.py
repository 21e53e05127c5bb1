"""What a run does when the choice is left to the service.

Source of the numbers: runs of the starter model on sets of 10 to 50 conversations; the learning
rate is for low-rank adapters and some fifty times what full training would take.
"""

from msgspec import Struct

from desktop_app.core.jobs.job import Hyperparameters

AUTO_EPOCHS = 3
PEAK_LEARNING_RATE = 1e-3
WARM_UP_SHARE = 0.1
FINAL_SHARE = 0.05
LORA_RANK = 16
LORA_ALPHA = 32.0


class RunSettings(Struct, frozen=True):
    """All that decides what a run computes; the worker reads it from its job's folder."""

    model_path: str
    seed: int
    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float
    has_validation: bool
    rank: int = LORA_RANK
    alpha: float = LORA_ALPHA


def resolve(requested: Hyperparameters, n_examples: int) -> Hyperparameters:
    """Replace what was left to the service by numbers: batch = clamp(n / 12, 1, 8)."""
    return Hyperparameters(
        n_epochs=requested.n_epochs or AUTO_EPOCHS,
        batch_size=requested.batch_size or max(1, min(8, n_examples // 12)),
        learning_rate_multiplier=requested.learning_rate_multiplier or 1.0,
    )


def learning_rate(step: int, total_steps: int, multiplier: float) -> float:
    """Return the rate of a step counted from 1: linear up over a tenth, then linear down to 5 %."""
    peak = PEAK_LEARNING_RATE * multiplier
    warm_up = max(1, round(WARM_UP_SHARE * total_steps))
    if step <= warm_up:
        return peak * step / warm_up
    passed = (step - warm_up) / (total_steps - warm_up)
    return peak * (1 - (1 - FINAL_SHARE) * passed)
