"""Which examples go into which step: a function of the seed alone."""

import random
from dataclasses import dataclass
from functools import lru_cache


@lru_cache(maxsize=2)
def shuffled(n: int, key: str) -> tuple[int, ...]:
    """Return 0 to n - 1 in an order that depends on the key alone."""
    order = list(range(n))
    random.Random(key).shuffle(order)  # noqa: S311  # not for secrets
    return tuple(order)


@dataclass(frozen=True)
class BatchPlan:
    """Every epoch takes all examples once, shuffled anew; its last batch may be smaller."""

    n_examples: int
    batch_size: int
    n_epochs: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches an epoch."""
        return -(-self.n_examples // self.batch_size)

    @property
    def total_steps(self) -> int:
        """The number of batches in all."""
        return self.steps_per_epoch * self.n_epochs

    def batch(self, step: int) -> tuple[int, ...]:
        """Return the examples of a step, counted from 1."""
        epoch, place = divmod(step - 1, self.steps_per_epoch)
        start = place * self.batch_size
        order = shuffled(self.n_examples, f"{self.seed}:{epoch}")
        return order[start : start + self.batch_size]

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch is complete after this step."""
        return step % self.steps_per_epoch == 0

    @property
    def sample_size(self) -> int:
        """The most held-out examples that are measured between the ends of epochs."""
        return max(4, min(64, self.n_examples // 50))

    def validation_sample(self, n_validation: int) -> tuple[int, ...]:
        """Return the held-out examples measured between epochs: the same ones all through."""
        return shuffled(n_validation, f"{self.seed}:validation")[: self.sample_size]

    def samples_validation(self, step: int) -> bool:
        """Whether the sample is measured after this step.

        At most ten times an epoch, and not before five times as many examples were trained on:
        measuring then takes less than a tenth of the time.
        """
        tenth = -(-self.steps_per_epoch // 10)
        return step % max(tenth, -(-5 * self.sample_size // self.batch_size)) == 0
