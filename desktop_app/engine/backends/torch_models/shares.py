"""Shares a pack out to several readers: whole sequences, about as many tokens for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.packing import Pack


@dataclass(frozen=True)
class Share:
    """A part of a pack, and which of the pack's targets are in it; None for nothing."""

    pack: Pack | None
    targets: TokenIds


def shared(pack: Pack, readers: int) -> list[Share]:
    """Return a share for every reader; the later ones may have nothing."""
    if readers == 1:
        return [Share(pack, np.arange(len(pack.targets)))]
    lengths = [sequence.stop - sequence.start for sequence in pack.sequences]
    loads = [0] * readers
    places: list[list[int]] = [[] for _ in loads]
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        lightest = loads.index(min(loads))
        loads[lightest] += lengths[place]
        places[lightest].append(place)
    return [share_of(pack, sorted(mine)) for mine in places]


def share_of(pack: Pack, mine: Sequence[int]) -> Share:
    """Return the share that consists of these sequences, by their places."""
    owners = np.searchsorted([s.stop for s in pack.sequences], pack.predicting, side="right")
    targets = np.flatnonzero(np.isin(owners, mine))
    if not mine:
        return Share(None, targets)
    rows = [np.arange(pack.sequences[place].start, pack.sequences[place].stop) for place in mine]
    if mine[0] > 0:  # what all share is the first's, whoever that is
        rows[0] = np.concatenate([np.arange(pack.shared), rows[0]])
    kept = np.concatenate(rows)
    new_place = np.full(len(pack.tokens), -1)
    new_place[kept] = np.arange(len(kept))
    ends = np.cumsum([len(row) for row in rows]).tolist()
    part = Pack(
        tokens=pack.tokens[kept],
        positions=pack.positions[kept],
        sequences=[slice(end - len(row), end) for end, row in zip(ends, rows, strict=True)],
        predicting=new_place[pack.predicting[targets]],
        targets=pack.targets[targets],
        weights=pack.weights[targets],
        shared=pack.shared,
    )
    return Share(part, targets)
