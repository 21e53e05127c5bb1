"""One training run: the adapters of a network, their gradients and the optimizer's state."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from typing_extensions import override

from desktop_app.engine.backends import checkpoint
from desktop_app.engine.backends.backend import Plan
from desktop_app.engine.backends.torch_models.devices import device_words, precision_words
from desktop_app.engine.backends.torch_models.lora import Adapters, write_adapters
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.optimizer import AdamW, HostState, clip_norm
from desktop_app.engine.backends.torch_models.passes import TorchPasses
from desktop_app.engine.backends.torch_models.plan import MemoryPlan
from desktop_app.engine.backends.torch_models.team import Team
from desktop_app.engine.backends.trainer import PackTrainer


class TorchTrainer(PackTrainer):
    """Trains adapters over frozen weights: those handed in, in which what is 0 is drawn afresh."""

    def __init__(
        self,
        network: Network,
        name: str,
        adapters: Adapters,
        *,
        seed: int,
        continues: bool,
        broken_off: Callable[[], bool],
        memory: Callable[[], MemoryPlan],
    ) -> None:
        self._name = name
        self._seed = seed
        self._network = network
        self._start = _digest(adapters) if continues else None
        adapters.draw(seed)
        self.adapters = adapters.to(network.device)
        self.gradients = torch.zeros_like(self.adapters.flat)
        self._optimizer = AdamW(self.adapters.flat)
        self._team = Team(network.device)
        self._torch_passes = TorchPasses(
            network, self.adapters, self.gradients, self._team, broken_off
        )
        super().__init__(self._torch_passes)
        self._follow(memory())

    @property
    @override
    def plan(self) -> Plan:
        return Plan(
            device=device_words(self._network.device),
            precision=precision_words(self._network.module, self._network.dtype),
            pack_tokens=self.pack_tokens,
            saves_memory=self._memory.saves_memory,
        )

    @override
    def save_memory(self) -> None:
        self._follow(self._memory.smaller())

    @override
    def take_up(self, plan: Plan) -> None:
        tokens = max(1, plan.pack_tokens // self._team.size)
        self._follow(MemoryPlan(tokens, saves_memory=plan.saves_memory))

    @override
    def forget_gradients(self) -> None:
        self.gradients.zero_()

    @override
    def apply_gradients(self, learning_rate: float) -> None:
        self._team.add_up(self.gradients)
        clip_norm(self.gradients)
        self._optimizer.step(self.gradients, learning_rate)

    @override
    def save_checkpoint(self, path: Path) -> None:
        state = HostState(self._optimizer)
        self._team.first_does(lambda: checkpoint.save(path, state, self._identity()))

    @override
    def load_checkpoint(self, path: Path) -> None:
        state = HostState(self._optimizer)
        self._team.first_does(lambda: checkpoint.load(path, state, self._identity()))
        steps = torch.tensor(state.steps, device=self._network.device)
        state.put_into(self._optimizer)
        self._team.follow_first(steps, *self._optimizer.tensors())
        self._optimizer.steps = int(steps)

    @override
    def export_adapter(self, folder: Path) -> None:
        self._team.first_does(lambda: write_adapters(folder, self.adapters, self._name))

    def _follow(self, memory: MemoryPlan) -> None:
        # Each process planned by what is free where it runs; all must read the same packs.
        tokens, keeps = self._team.least(memory.pack_tokens, int(not memory.saves_memory))
        self._memory = MemoryPlan(tokens, saves_memory=not keeps)
        self.pack_tokens = tokens * self._team.size
        self._torch_passes.saves_memory = self._memory.saves_memory

    def _identity(self) -> dict[str, object]:
        """What a checkpoint must share with the run that takes it up."""
        identity: dict[str, object] = {
            "backend": "torch",
            "model": self._name,
            "places": self.adapters.layout(),
            "rank": self.adapters.settings.rank,
            "alpha": self.adapters.settings.alpha,
            "seed": self._seed,
            "precision": self.plan.precision,
        }
        return identity | ({"start": self._start} if self._start else {})


def _digest(adapters: Adapters) -> str:
    return hashlib.sha256(adapters.flat.numpy().tobytes()).hexdigest()
