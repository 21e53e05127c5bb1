"""Attention within each sequence of a pack; the linear layers see all of them as one batch.

The rows of a pack may be shared out: each member of a team has the rows from one cut to the next.
A cut may go through a sequence, and sequences may have their beginning in common. Then whoever has
later rows needs the keys and values of the earlier ones, and on the way back finds gradients for
them: both are handed over at each layer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.numpy_llama.attention import attention, attention_backward
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.thread_team import Meet

_Pair = tuple[Array, Array]
"""Keys and values of some rows, or their gradients: (rows, K, h) each."""


_Given = TypeVar("_Given")


@dataclass(frozen=True)
class _Part:
    """What a member has of a sequence: `rows` by their own numbers, after `earlier` of the pack."""

    rows: slice
    earlier: list[slice]


@dataclass(frozen=True)
class _Share:
    """The rows `start` to `stop` of a pack, and the parts of sequences that these are."""

    start: int
    stop: int
    parts: list[_Part]


def shared_attention(pack: Pack, cuts: Sequence[int]) -> "list[MemberAttention]":
    """Return the attention of each member: of the rows from each cut (0, ..., T) to the next."""
    shares = [
        _Share(start, stop, list(_parts(pack, start, stop))) for start, stop in pairwise(cuts)
    ]
    table = _Table(shares)
    return [MemberAttention(table, place) for place in range(len(shares))]


def _parts(pack: Pack, start: int, stop: int) -> Iterator[_Part]:
    for place, sequence in enumerate(pack.sequences):
        first, last = max(sequence.start, start), min(sequence.stop, stop)
        if first < last:
            earlier = [slice(0, pack.shared if place else 0), slice(sequence.start, first)]
            rows = slice(first - start, last - start)
            yield _Part(rows, [each for each in earlier if each.start < each.stop])


@dataclass(frozen=True)
class _Pull:
    """Gradients of the keys and values of the pack's rows from `start` on."""

    start: int
    gradients: _Pair


class _Table:
    """Where members lay down what others need: two places each, in turns.

    For a member may begin the next turn while others still read what was laid down in this one.
    """

    def __init__(self, shares: list[_Share]) -> None:
        self.shares = shares
        self.is_needed = any(part.earlier for share in shares for part in share.parts)
        self.turns: tuple[dict[int, _Pair], dict[int, _Pair]] = ({}, {})
        self.pulls: tuple[dict[int, list[_Pull]], dict[int, list[_Pull]]] = ({}, {})


class MemberAttention:
    """Attention for the queries of one member's rows; `meet` waits for all the others."""

    def __init__(self, table: _Table, place: int) -> None:
        self._table = table
        self._place = place
        self._share = table.shares[place]
        self._turn = 0

    def attend(self, meet: Meet, q: Array, k: Array, v: Array) -> Array:
        """Return the attention of queries (t, H, h) to keys and values (t, K, h): (t, H, h)."""
        seen = self._seen(meet, k, v)
        parts = zip(self._share.parts, seen, strict=True)
        return np.concatenate([attention(q[part.rows], *pair) for part, pair in parts])

    def attend_backward(
        self, meet: Meet, d_out: Array, out: Array, q: Array, k: Array, v: Array
    ) -> tuple[Array, Array, Array]:
        """Return dL/dq, dL/dk and dL/dv of the member's rows."""
        d_q, d_k, d_v = np.empty_like(q), np.empty_like(k), np.empty_like(v)
        pulls = list[_Pull]()
        for part, (keys, values) in zip(self._share.parts, self._seen(meet, k, v), strict=True):
            rows = part.rows
            d_q[rows], *found = attention_backward(d_out[rows], out[rows], q[rows], keys, values)
            done = 0
            for earlier in part.earlier:
                until = done + earlier.stop - earlier.start
                pulls.append(_Pull(earlier.start, (found[0][done:until], found[1][done:until])))
                done = until
            d_k[rows], d_v[rows] = found[0][done:], found[1][done:]
        if self._table.is_needed:
            for given in self._hand_over(meet, self._table.pulls, pulls):
                for pull in given:
                    self._add((d_k, d_v), pull)
        return d_q, d_k, d_v

    def _seen(self, meet: Meet, k: Array, v: Array) -> list[_Pair]:
        """Return of each part all keys and values that it sees."""
        own = [(k[part.rows], v[part.rows]) for part in self._share.parts]
        if not self._table.is_needed:
            return own
        given = self._hand_over(meet, self._table.turns, (k, v))
        return [
            self._after(part.earlier, given, pair) if part.earlier else pair
            for part, pair in zip(self._share.parts, own, strict=True)
        ]

    def _after(self, earlier: list[slice], given: list[_Pair], own: _Pair) -> _Pair:
        """Put own keys and values behind those of earlier rows of the pack."""
        found = [
            (keys[rows], values[rows])
            for each in earlier
            for share, (keys, values) in zip(self._table.shares, given, strict=True)
            if (rows := _common(each, share)) is not None
        ]
        keys, values = zip(*found, own, strict=True)
        return np.concatenate(keys), np.concatenate(values)

    def _add(self, mine: _Pair, pull: _Pull) -> None:
        """Add gradients as far as they are for this member's rows."""
        share = self._share
        rows = _common(slice(pull.start, pull.start + len(pull.gradients[0])), share)
        if rows is not None:
            first = rows.start + share.start - pull.start
            for total, part in zip(mine, pull.gradients, strict=True):
                total[rows] += part[first : first + rows.stop - rows.start]

    def _hand_over(
        self, meet: Meet, turns: tuple[dict[int, _Given], dict[int, _Given]], laid_down: _Given
    ) -> list[_Given]:
        """Lay this down, and return what every member has laid down in this turn, in order."""
        turn = turns[self._turn % 2]
        self._turn += 1
        turn[self._place] = laid_down
        meet()
        return [turn[place] for place in range(len(self._table.shares))]


def _common(rows: slice, share: _Share) -> slice | None:
    """Return which of these rows of the pack are a member's, by its own numbers; None for none."""
    first, last = max(rows.start, share.start), min(rows.stop, share.stop)
    return slice(first - share.start, last - share.start) if first < last else None
