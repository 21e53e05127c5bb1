"""Packs on their way through a network, there and back."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import BrokenOffError
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models.lora import Adapters
from desktop_app.engine.backends.torch_models.members import Members, Part
from desktop_app.engine.backends.torch_models.memory import memory_errors
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.readout import Readout, read
from desktop_app.engine.backends.torch_models.team import Team
from desktop_app.engine.backends.trainer import Passes, Predictions

T = TypeVar("T")


class TorchPasses(Passes):
    """Adds up gradients in `gradients`.

    One process alone asks `broken_off` at every layer; of several, the first does before each
    pack, so that all of them stop at the same place. Raises MemoryError.
    """

    def __init__(
        self,
        network: Network,
        adapters: Adapters,
        gradients: Tensor,
        team: Team,
        broken_off: Callable[[], bool],
    ) -> None:
        self._network = network
        self._members = Members(network, adapters, gradients)
        self._team = team
        self._broken_off = broken_off
        self.saves_memory = False

    @property
    @override
    def shares_beginnings(self) -> bool:
        # On a GPU the gradients of what is shared would be added up in an order that is not fixed.
        return self._network.abilities.packs and self._network.device.type == "cpu"

    @override
    def predict(self, pack: Pack) -> Predictions:
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
        team, members = self._team, self._members
        team.agree(broken_off=team.is_first and self._broken_off())
        share = team.share(pack, all_read=self._network.is_sharded)
        learned = None if weights is None else weights[share.targets]
        parts = members.parts(share.pack)
        asked = self._go_on if team.size == 1 else None
        learns = learned is not None

        def forth(part: Part) -> Readout:
            part.member.adapters.follow()
            mine = None if learned is None else learned[part.targets]
            return read(part.member.network, part.pack, mine)

        with members.reading(parts, asked, saves_memory=self.saves_memory and learns):
            readouts = self._agreed(lambda: members.run(forth, parts, learns=learns))
            found = _put_together(parts, readouts, len(share.targets))
            predictions = team.together(share, found, len(pack.targets))
            if learns:
                factors = pulls(predictions)[share.targets] if pulls else None
                self._agreed(lambda: self._back(parts, readouts, factors))
        return predictions

    def _back(
        self, parts: Sequence[Part], readouts: Sequence[Readout], factors: Array | None
    ) -> None:
        of_part = dict(zip(map(id, parts), readouts, strict=True))

        def back(part: Part) -> None:
            mine = None if factors is None else self._network.tensor(factors[part.targets])
            of_part[id(part)].backward(mine)

        self._members.learn(back, parts)

    def _agreed(self, work: Callable[[], T]) -> T:
        """Do something for which memory may lack, in one process or another."""
        done: list[T] = []
        try:
            with memory_errors():
                done.append(work())
        except MemoryError:
            pass
        self._team.agree(no_memory=not done)
        return done[0]

    def _go_on(self) -> None:
        if self._broken_off():
            raise BrokenOffError


def _put_together(parts: Sequence[Part], readouts: Sequence[Readout], total: int) -> Predictions:
    """Return what was predicted of so many targets."""
    found = Predictions(np.empty(total, np.float32), np.empty(total, np.bool_))
    for part, readout in zip(parts, readouts, strict=True):
        found.log_probabilities[part.targets] = readout.predictions.log_probabilities
        found.right[part.targets] = readout.predictions.right
    return found
