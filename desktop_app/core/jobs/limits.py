"""What may be set for a run (SPEC `CreateFineTuningJobRequest`, 2026-08-21)."""

from desktop_app.core.jobs.job import Hyperparameters

EPOCHS = (1, 50)
BATCH_SIZE = (1, 256)
SEED = (0, 2_147_483_647)
MOST_BETA = 2.0
"""Above 0 and at most this; for learning from preferences only."""
LEAST_EXAMPLES = 10
"""What every service asks for at least; 50 to 100 are advised."""


def out_of_range(chosen: Hyperparameters, seed: int | None) -> str | None:
    """Return the name of the first setting that no service takes, None if all are fine."""
    bounded = (
        ("n_epochs", chosen.n_epochs, EPOCHS),
        ("batch_size", chosen.batch_size, BATCH_SIZE),
        ("seed", seed, SEED),
    )
    for name, value, (least, most) in bounded:
        if value is not None and not least <= value <= most:
            return name
    rate = chosen.learning_rate_multiplier
    if rate is not None and not rate > 0:
        return "learning_rate_multiplier"
    return "beta" if chosen.beta is not None and not 0 < chosen.beta <= MOST_BETA else None


LOCAL_CONTEXT = 8192
"""Tokens that the starter model reads at most (`llama.context_length` of its file)."""
