"""Attention within each sequence of a pack; the linear layers see all of them as one batch.

The rows of a pack may be shared out: each member of a team has the rows from one cut to the next.
A cut may go through a sequence. Then whoever has its later rows needs the keys and values of the
earlier ones, and on the way back finds gradients for them: both are handed over at each layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.attention import attention, attention_backward
from desktop_app.engine.backends.thread_team import Meet

_Pair = tuple[Array, Array]
"""Keys and values of some rows, or their gradients: (rows, K, h) each."""


@dataclass(frozen=True)
class _Share:
    """The rows `start` to `stop` of a pack, and its sequences by these rows' own numbers.

    `begins`: where in the pack the first of the sequences begins, at `start` or before it.
    """

    start: int
    stop: int
    begins: int
    sequences: list[slice]


def shared_attention(sequences: Sequence[slice], cuts: Sequence[int]) -> "list[MemberAttention]":
    """Return the attention of each member: of the rows from each cut (0, ..., T) to the next."""
    shares = []
    for start, stop in pairwise(cuts):
        mine = [s for s in sequences if s.start < stop and s.stop > start]
        local = [slice(max(s.start, start) - start, min(s.stop, stop) - start) for s in mine]
        shares.append(_Share(start, stop, mine[0].start, local))
    table = _Table(shares)
    return [MemberAttention(table, place) for place in range(len(shares))]


class _Table:
    """Where members lay down what others need: two places each, in turns.

    For a member may begin the next turn while others still read what was laid down in this one.
    """

    def __init__(self, shares: list[_Share]) -> None:
        self.shares = shares
        self.is_needed = any(share.begins < share.start for share in shares)
        self.turns: tuple[dict[int, _Pair], dict[int, _Pair]] = ({}, {})


class MemberAttention:
    """Attention for the queries of one member's rows; `meet` waits for all the others."""

    def __init__(self, table: _Table, place: int) -> None:
        self._table = table
        self._place = place
        self._share = table.shares[place]
        self._before = self._share.start - self._share.begins
        self._turn = 0

    def attend(self, meet: Meet, q: Array, k: Array, v: Array) -> Array:
        """Return the attention of queries (t, H, h) to keys and values (t, K, h): (t, H, h)."""
        parts = self._parts(meet, k, v)
        return np.concatenate([attention(q[rows], keys, values) for rows, keys, values in parts])

    def attend_backward(
        self, meet: Meet, d_out: Array, out: Array, q: Array, k: Array, v: Array
    ) -> tuple[Array, Array, Array]:
        """Return dL/dq, dL/dk and dL/dv of the member's rows."""
        found = [
            attention_backward(d_out[rows], out[rows], q[rows], keys, values)
            for rows, keys, values in self._parts(meet, k, v)
        ]
        d_q, d_k, d_v = (np.concatenate(part) for part in zip(*found, strict=True))
        before = self._before
        mine = d_k[before:], d_v[before:]
        given = self._hand_over(meet, (d_k[:before], d_v[:before]))
        for later in range(self._place + 1, len(self._table.shares)):
            if later in given:
                self._add(mine, self._table.shares[later], given[later])
        return d_q, *mine

    def _parts(self, meet: Meet, k: Array, v: Array) -> list[tuple[slice, Array, Array]]:
        """Return each sequence's rows here, with all keys and values that they see."""
        given = self._hand_over(meet, (k, v))
        parts = [(rows, k[rows], v[rows]) for rows in self._share.sequences]
        if self._before:
            rows, *mine = parts[0]
            keys, values = (
                np.concatenate([*earlier, own])
                for earlier, own in zip(self._earlier(given), mine, strict=True)
            )
            parts[0] = rows, keys, values
        return parts

    def _earlier(self, given: dict[int, _Pair]) -> tuple[list[Array], list[Array]]:
        """Return the keys and values that others have of this member's first sequence."""
        keys, values = [], []
        for place, share in enumerate(self._table.shares[: self._place]):
            since = max(0, self._share.begins - share.start)
            keys.append(given[place][0][since:])
            values.append(given[place][1][since:])
        return keys, values

    def _add(self, mine: _Pair, later: _Share, given: _Pair) -> None:
        """Add a later member's gradients as far as they are for this one's rows."""
        since = max(later.begins, self._share.start)
        until = min(later.start, self._share.stop)
        if since < until:
            for total, part in zip(mine, given, strict=True):
                rows = slice(since - self._share.start, until - self._share.start)
                total[rows] += part[since - later.begins : until - later.begins]

    def _hand_over(self, meet: Meet, laid_down: _Pair) -> dict[int, _Pair]:
        """Lay this down, and return what every member has laid down in this turn."""
        if not self._table.is_needed:
            return {}
        turn = self._table.turns[self._turn % 2]
        self._turn += 1
        turn[self._place] = laid_down
        meet()
        return turn
