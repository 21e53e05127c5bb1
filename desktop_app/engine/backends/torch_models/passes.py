"""Packs on their way through a network, there and back."""

from collections.abc import Callable
from typing import TypeVar

import torch
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import BrokenOffError
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models.lora import Adapters
from desktop_app.engine.backends.torch_models.memory import memory_errors
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.readout import read
from desktop_app.engine.backends.torch_models.team import Team
from desktop_app.engine.backends.trainer import Passes, Predictions

T = TypeVar("T")


class TorchPasses(Passes):
    """Adds up gradients where the adapters have them.

    One process alone asks `broken_off` at every layer; of several, the first does before each
    pack, so that all of them stop at the same place. Raises MemoryError.
    """

    def __init__(
        self, network: Network, adapters: Adapters, team: Team, broken_off: Callable[[], bool]
    ) -> None:
        self._network = network
        self._adapters = adapters
        self._team = team
        self._broken_off = broken_off
        self.saves_memory = False

    @override
    def predict(self, pack: Pack) -> Predictions:
        with torch.no_grad():
            return self._passed(pack, None, None)

    @override
    def learn(
        self, pack: Pack, weights: Array, pulls: Callable[[Predictions], Array] | None = None
    ) -> Predictions:
        return self._passed(pack, weights, pulls)

    def _passed(
        self,
        pack: Pack,
        weights: Array | None,
        pulls: Callable[[Predictions], Array] | None,
    ) -> Predictions:
        team, network = self._team, self._network
        team.agree(broken_off=team.is_first and self._broken_off())
        share = team.share(pack, all_read=network.is_sharded)
        asked = self._go_on if team.size == 1 else None
        saves_memory = self.saves_memory and weights is not None
        with (
            network.adapted(self._adapters, asked),
            network.reading(share.pack, saves_memory=saves_memory),
        ):
            mine = None if weights is None else weights[share.targets]
            readout = self._agreed(lambda: read(network, share.pack, mine) if share.pack else None)
            found = readout.predictions if readout else None
            predictions = team.together(share, found, len(pack.targets))
            if weights is not None:
                factors = network.tensor(pulls(predictions)[share.targets]) if pulls else None
                self._agreed(lambda: readout.backward(factors) if readout else None)
        return predictions

    def _agreed(self, work: Callable[[], T]) -> T | None:
        """Do something for which memory may lack, in one process or another."""
        done, failed = None, False
        try:
            with memory_errors():
                done = work()
        except MemoryError:
            failed = True
        self._team.agree(no_memory=failed)
        return done

    def _go_on(self) -> None:
        if self._broken_off():
            raise BrokenOffError
