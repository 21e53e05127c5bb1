"""Which back ends are here: NumPy's always, PyTorch's where its packages are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from desktop_app.engine.backends.backend import Backend, TrainingExample
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.torch_models.facts import lacking


def _torch() -> Backend:
    """In float32 on the processor: what is compared is to be the same but for rounding."""
    import torch

    from desktop_app.engine.backends.torch_models.backend import TorchBackend

    torch.set_num_threads(1)  # as all of the tests' arithmetic: there are others at work
    return TorchBackend("cpu", "float32")


BACKENDS: dict[str, Callable[[], Backend]] = {"numpy_llama": NumpyLlamaBackend}
if lacking() is None:
    BACKENDS["torch"] = _torch

CHAT = [
    {"role": "system", "content": "be brief, s'il vous plaît"},
    {"role": "user", "content": "what is the 7th of 東京 and 42?"},
    {"role": "assistant", "content": "the answer is naïve: 7"},
    {"role": "user", "content": "thanks"},
    {"role": "assistant", "content": "the pleasure is mine"},
]
TEXT = "the system and the user sat in the rain, reading 3 or 4 news of 東京"


def example(seed: int, length: int = 12, supervised: int = 5) -> TrainingExample:
    """Return random tokens of which some are to be learned."""
    generator = np.random.default_rng(seed)
    weights = np.zeros(length, np.float32)
    weights[generator.choice(np.arange(1, length), supervised, replace=False)] = 1
    return TrainingExample(generator.integers(3, 300, length), weights)


LENGTHS = (12, 9, 30, 12, 21)
BATCHES = [[example(9 * n + k, length) for k, length in enumerate(LENGTHS)] for n in range(4)]


def matrices(trainer: Any) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:  # noqa: ANN401  # of either back end
    """Return the gradients (dA, dB) of every layer."""
    if hasattr(trainer, "adapters"):
        views = trainer.adapters.views(trainer.gradients)
        names = [place.name for place in trainer.adapters._places]
        return {
            name: (view.a.numpy(), view.b.numpy()) for name, view in zip(names, views, strict=True)
        }
    return {name: (a, b) for name, a, b in trainer.gradients.pairs()}
