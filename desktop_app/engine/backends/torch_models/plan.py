"""How a run is to use the memory there is: decided before it begins."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from desktop_app.engine.backends.packing import SMALLEST_PACK

RESERVE = 0.9
"""Of the free memory, what a plan may count on: the rest goes to what is not foreseen."""


@dataclass(frozen=True)
class Demand:
    """What a run takes, in bytes.

    `fixed`: adapters, gradients and moments. Of every token of a pack: `kept` for the way back by
    all layers, `entering` the layers, and `spent` by one layer and the head for a moment. Where the
    head is asked apart, `row` of every row of logits, of which `rows` are held at most.
    """

    fixed: int
    kept: int
    entering: int
    spent: int
    row: int = 0
    rows: int = 0


@dataclass(frozen=True)
class MemoryPlan:
    """So many tokens at once; with `saves_memory` each layer is run again on the way back."""

    pack_tokens: int
    saves_memory: bool = False

    def bytes(self, demand: Demand) -> int:
        """Return what a run takes by this plan, the model's weights left out."""
        per_token = demand.entering if self.saves_memory else demand.kept
        logits = min(demand.rows, self.pack_tokens) * demand.row
        return demand.fixed + logits + self.pack_tokens * (per_token + demand.spent)

    def smaller(self) -> "MemoryPlan":
        """Return the plan for a second try after memory ran out."""
        return MemoryPlan(max(SMALLEST_PACK, self.pack_tokens // 2), saves_memory=True)


def plan(demand: Demand, free: int, pack_tokens: int) -> MemoryPlan:
    """Return the fastest plan that fits into `free` bytes; the smallest where none does.

    First all is kept, then nothing but what goes into the layers, then the packs are smaller.
    """
    chosen = MemoryPlan(pack_tokens)
    for chosen in _by_speed(pack_tokens):
        if chosen.bytes(demand) <= RESERVE * free:
            break
    return chosen


def _by_speed(pack_tokens: int) -> Iterator[MemoryPlan]:
    yield MemoryPlan(pack_tokens)
    saving = MemoryPlan(pack_tokens, saves_memory=True)
    while saving.pack_tokens >= SMALLEST_PACK:
        yield saving
        saving = replace(saving, pack_tokens=saving.pack_tokens // 2)
