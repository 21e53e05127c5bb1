"""Threads that each take sequences of a pack through the same weights, there and back.

On a processor that is faster than several threads within each product of matrices: on two cores of
an AMD EPYC those took longer than one, and two members took a fifth to a third less. Each member
has the network's modules for itself, for what these remember of a pack, and gradients of its own,
which are added up in a fixed order.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.thread_team import ThreadTeam, team_size
from desktop_app.engine.backends.torch_models import group
from desktop_app.engine.backends.torch_models.lora import Adapters, Applied
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.shares import shared

Found = TypeVar("Found")


@dataclass(frozen=True)
class Member:
    """One of those who read; the adapters are the same for all, their gradients are not."""

    network: Network
    adapters: Applied
    gradients: Tensor


@dataclass(frozen=True)
class Part:
    """What a member reads, and which of the pack's targets are in it."""

    member: Member
    pack: Pack
    targets: TokenIds


class Members:
    """At most as many as a network may have; what they find is added to `gradients`."""

    def __init__(self, network: Network, adapters: Adapters, gradients: Tensor) -> None:
        self._network = network
        self._adapters = adapters
        self._gradients = gradients
        self._members = [self._one_more(network)]
        self._threads = ThreadTeam(most_members(network))
        self._threads_of_one = torch.get_num_threads()

    def parts(self, pack: Pack | None) -> list[Part]:
        """Share a pack out."""
        if pack is None:
            return []
        found = shared(pack, self._threads.size)
        with_work = [(share.pack, share.targets) for share in found if share.pack is not None]
        while len(self._members) < len(with_work):
            self._members.append(self._one_more(self._network.twin()))
        members = self._members[: len(with_work)]
        return [Part(member, *work) for member, work in zip(members, with_work, strict=True)]

    @contextmanager
    def reading(
        self, parts: Sequence[Part], asked: Callable[[], None] | None, *, saves_memory: bool
    ) -> Iterator[None]:
        """Have everybody at a part, there and back; see `Network.adapted` and `reading`."""
        with ExitStack() as stack:
            for part in parts:
                network = part.member.network
                stack.enter_context(network.adapted(part.member.adapters, asked))
                stack.enter_context(network.reading(part.pack, saves_memory=saves_memory))
            yield

    def run(
        self, work: Callable[[Part], Found], parts: Sequence[Part], *, learns: bool
    ) -> list[Found]:
        """Do the work on all parts at the same time."""

        def one(part: Part, _meet: object) -> Found:
            if len(parts) > 1:  # each thread has a number of its own
                torch.set_num_threads(self._threads.size // len(parts))
            with torch.set_grad_enabled(learns):
                return work(part)

        try:
            return self._threads.run(one, parts) if parts else []
        finally:
            # The first part's thread is this one, which has the sequences that come alone too.
            if len(parts) > 1:
                torch.set_num_threads(self._threads_of_one)

    def learn(self, back: Callable[[Part], None], parts: Sequence[Part]) -> None:
        """Let everybody go back, and add up what was found."""
        found = [part.member.gradients for part in parts]
        for gradients in found:
            gradients.zero_()
        self.run(back, parts, learns=True)
        for gradients in found:
            self._gradients.add_(gradients)

    def _one_more(self, network: Network) -> Member:
        # Where sequences are read one by one, gradients meet before they are added up: in float32.
        dtype = network.dtype if network.abilities.packs else torch.float32
        adapters = Applied(self._adapters, dtype)
        return Member(network, adapters, adapters.learning())


def most_members(network: Network) -> int:
    """Return how many may read at once: on a processor that one process has to itself."""
    alone = network.device.type == "cpu" and group.size() == 1
    return team_size() if alone else 1
