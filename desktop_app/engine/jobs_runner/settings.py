"""What a run does when the choice is left to the service ("auto"), and what the numbers mean.

n_epochs: how often every example is learned from; each time in another order, and the learning
rate falls over all of them together. Three, as in OpenAI's published rule (openai-cookbook,
Chat_finetuning_data_prep), of which the upper end is kept, fewer above 25,000 examples in all, and
the lower end is not: it asks for up to 25 epochs of a small set, but with low-rank adapters ten
replies were learned by heart after five (held-out loss 1.46, then 2.15).

batch_size: how many examples one step averages over; the last batch of an epoch may be smaller.
A twelfth of the examples, at least 1 and at most 8, so that three epochs have some 36 steps or
more: with fifty examples, batches of 1 (at half the rate), 4 and 8 ended at a held-out loss of
0.65, 0.70 and 0.83, and batches of 1 took half as long again.

learning_rate_multiplier: a factor on the peak rate. The rate rises over the first tenth of the
steps and falls linearly to a twentieth of its peak. Peaks are for low-rank adapters, which take
some fifty times what full training would: 3e-4, 1e-3 and 2e-3 gave 0.96, 0.70 and 0.66 on fifty
examples; the middle one is taken, being the safer. For preferences a tenth of it: on 48 pairs,
5e-5, 1e-4 and 2e-4 ended at a held-out loss of 0.11, 0.02 and 0.002, but the model of the last
repeated one word without end.

beta, for preferences: how dear it is to move away from the model before training; 0.1 as in the
paper (Rafailov et al. 2023, section 6).

Source of the numbers: runs of the starter model on sets of 10 to 50 examples, one seed each.
"""

from msgspec import Struct

from desktop_app.core.examples.rules import DPO, SUPERVISED
from desktop_app.engine.store.records import RunHyperparameters

AUTO_EPOCHS = 3
MOST_AUTO_EXAMPLES = 25_000
MOST_AUTO_BATCH = 8
AUTO_BETA = 0.1
PEAK_LEARNING_RATE = 1e-3
PEAK_PREFERENCE_RATE = 1e-4
WARM_UP_SHARE = 0.1
FINAL_SHARE = 0.05
LORA_RANK = 16
LORA_ALPHA = 32.0


class RunSettings(Struct, frozen=True):
    """All that decides what a run computes; the worker reads it from its job's folder.

    `peak_rate` is of the multiplier 1. `continues`: the run begins at the adapter in the folder.
    """

    model_path: str
    seed: int
    n_epochs: int
    batch_size: int
    learning_rate_multiplier: float
    has_validation: bool
    rank: int = LORA_RANK
    alpha: float = LORA_ALPHA
    method: str = SUPERVISED
    beta: float = AUTO_BETA
    peak_rate: float = PEAK_LEARNING_RATE
    continues: bool = False


def resolve(requested: RunHyperparameters, n_examples: int) -> RunHyperparameters:
    """Replace what was left to the service by numbers."""
    return RunHyperparameters(
        n_epochs=requested.n_epochs or auto_epochs(n_examples),
        batch_size=requested.batch_size or max(1, min(MOST_AUTO_BATCH, n_examples // 12)),
        learning_rate_multiplier=requested.learning_rate_multiplier or 1.0,
        beta=(requested.beta or AUTO_BETA) if requested.method == DPO else None,
        method=requested.method,
    )


def auto_epochs(n_examples: int) -> int:
    """Return 3, or fewer where that would be more than 25,000 examples in all."""
    return max(1, min(AUTO_EPOCHS, MOST_AUTO_EXAMPLES // max(1, n_examples)))


def run_settings(
    resolved: RunHyperparameters,
    *,
    model_path: str,
    seed: int,
    has_validation: bool,
    continues: bool,
) -> RunSettings:
    """Return what the worker is told."""
    assert resolved.n_epochs is not None
    assert resolved.batch_size is not None
    assert resolved.learning_rate_multiplier is not None
    return RunSettings(
        model_path=model_path,
        seed=seed,
        n_epochs=resolved.n_epochs,
        batch_size=resolved.batch_size,
        learning_rate_multiplier=resolved.learning_rate_multiplier,
        has_validation=has_validation,
        method=resolved.method,
        beta=resolved.beta or AUTO_BETA,
        peak_rate=PEAK_PREFERENCE_RATE if resolved.method == DPO else PEAK_LEARNING_RATE,
        continues=continues,
    )


def learning_rate(step: int, total_steps: int, peak: float) -> float:
    """Return the rate of a step counted from 1: linear up over a tenth, then linear down to 5 %."""
    warm_up = max(1, round(WARM_UP_SHARE * total_steps))
    if step <= warm_up:
        return peak * step / warm_up
    passed = (step - warm_up) / (total_steps - warm_up)
    return peak * (1 - (1 - FINAL_SHARE) * passed)
