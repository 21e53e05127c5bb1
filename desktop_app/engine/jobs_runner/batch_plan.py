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

    def validation_sample(self, n_validation: int) -> tuple[int, ...]:
        """Return the held-out examples measured between epochs: the same ones all through.

        A twentieth of an epoch, at least 4 and at most 64: little work beside training.
        """
        size = max(4, min(64, self.n_examples // 20))
        return shuffled(n_validation, f"{self.seed}:validation")[:size]

    def samples_validation(self, step: int) -> bool:
        """Whether the sample is measured after this step: some ten times an epoch."""
        return step % -(-self.steps_per_epoch // 10) == 0
