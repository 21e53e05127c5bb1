"""Where a run begins: the same numbers whatever the back end."""

import math
from collections.abc import Iterable

import numpy as np

from desktop_app.engine.backends.adapter_files import Pair


def draw(pairs: Iterable[Pair], seed: int) -> None:
    """Draw every A from U(-1/sqrt(in), 1/sqrt(in)), as PEFT does, but those that are there.

    B stays 0, so that a run begins at the model itself.
    """
    generator = np.random.default_rng(seed)
    for _, a, b in pairs:
        bound = 1 / math.sqrt(a.shape[1])
        drawn = generator.uniform(-bound, bound, a.shape)
        # With A and B both 0 neither would ever learn: a layer that an adapter leaves out.
        if not a.any() and not b.any():
            a[:] = drawn
