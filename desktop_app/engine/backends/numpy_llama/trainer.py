"""One training run: the adapters of a model, their gradients and the optimizer's state."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from desktop_app.engine.backends import checkpoint
from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.numpy_llama.adapter import write_adapter
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.optimizer import AdamW, clip_norm
from desktop_app.engine.backends.numpy_llama.passes import NumpyPasses
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import ModelWeights
from desktop_app.engine.backends.packing import pack_tokens
from desktop_app.engine.backends.thread_team import ThreadTeam, team_size
from desktop_app.engine.backends.trainer import PackTrainer


class NumpyLlamaTrainer(PackTrainer):
    """Trains adapters over frozen weights: those of `start`, or fresh ones.

    Of fresh ones, A is drawn from `seed` and B begins at 0.
    """

    def __init__(
        self,
        weights: ModelWeights,
        name: str,
        settings: LoraSettings,
        *,
        seed: int,
        start: LoraParameters | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = name
        self._seed = seed
        kind = weights.embedding.dtype.type
        self.parameters = LoraParameters(weights.shape, start.settings if start else settings, kind)
        if start:
            self.parameters.flat[:] = start.flat
        self.parameters.initialise(seed)
        self._start = _digest(self.parameters.flat) if start else None
        self.gradients = self.parameters.zeros_like()
        self._optimizer = AdamW(self.parameters.flat)
        transformer = Transformer(weights, self.parameters)
        team = ThreadTeam(team_size())
        passes = NumpyPasses(transformer, self.gradients, broken_off, team)
        super().__init__(passes, pack_tokens(team.size))

    @override
    def forget_gradients(self) -> None:
        self.gradients.flat[:] = 0

    @override
    def apply_gradients(self, learning_rate: float) -> None:
        clip_norm(self.gradients.flat)
        self._optimizer.step(self.gradients.flat, learning_rate)

    @override
    def save_checkpoint(self, path: Path) -> None:
        checkpoint.save(path, self._optimizer, self._identity())

    @override
    def load_checkpoint(self, path: Path) -> None:
        checkpoint.load(path, self._optimizer, self._identity())

    @override
    def export_adapter(self, folder: Path) -> None:
        write_adapter(folder, self.parameters, self._name)

    def _identity(self) -> dict[str, object]:
        """What a checkpoint must share with the run that takes it up."""
        identity: dict[str, object] = {
            "model": self._name,
            "shape": repr(self.parameters.shape),
            "rank": self.parameters.settings.rank,
            "alpha": self.parameters.settings.alpha,
            "seed": self._seed,
        }
        return identity | ({"start": self._start} if self._start else {})


def _digest(parameters: Array) -> str:
    return hashlib.sha256(parameters.tobytes()).hexdigest()
