"""Packs on their way through a model, forwards and backwards, until somebody breaks it off."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import BrokenOffError, TokenIds
from desktop_app.engine.backends.numpy_llama.attention_block import Attend
from desktop_app.engine.backends.numpy_llama.cross_entropy import predict, predict_with_gradient
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.packed_attention import (
    MemberAttention,
    shared_attention,
)
from desktop_app.engine.backends.numpy_llama.transformer import Tape, Transformer
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.thread_team import Meet, ThreadTeam
from desktop_app.engine.backends.trainer import Passes, Predictions

LEAST_ROWS = 32
"""Fewer rows than this are not worth a thread of their own."""
PREDICTED = 0.25
"""What predicting from a row takes of what its way through the layers does, about."""


@dataclass(frozen=True)
class _Portion:
    """One member's rows of a pack, and what they predict."""

    rows: slice
    targets: slice
    predicting: TokenIds
    attention: MemberAttention


@dataclass(frozen=True)
class _Halfway:
    """What a member has at the turning point; the gradient is that of its predicting states."""

    tape: Tape
    predictions: Predictions
    d_predicting: Array


class NumpyPasses(Passes):
    """Adds up gradients in `gradients`. `broken_off` is asked at every layer of every pack."""

    def __init__(
        self,
        transformer: Transformer,
        gradients: LoraParameters,
        broken_off: Callable[[], bool],
        team: ThreadTeam,
    ) -> None:
        self._transformer = transformer
        self._broken_off = broken_off
        self._team = team
        self._gradients = [gradients]

    @property
    @override
    def shares_beginnings(self) -> bool:
        return True

    @override
    def predict(self, pack: Pack) -> Predictions:
        portions = _portions(pack, self._team.size)
        weights = self._transformer.weights

        def work(mine: _Portion, meet: Meet) -> Predictions:
            attentions = [self._attend(mine, meet)] * len(weights.layers)
            tokens, positions = pack.tokens[mine.rows], pack.positions[mine.rows]
            states = self._transformer.states(tokens, positions, attentions)
            return predict(states[mine.predicting], weights.output, pack.targets[mine.targets])

        return _together(self._team.run(work, portions))

    @override
    def learn(
        self, pack: Pack, weights: Array, pulls: Callable[[Predictions], Array] | None = None
    ) -> Predictions:
        portions = _portions(pack, self._team.size)
        halfway = self._forward(pack, weights, portions)
        predictions = _together([half.predictions for half in halfway])
        if pulls is not None:
            pulled = pulls(predictions)[:, None]
            for mine, half in zip(portions, halfway, strict=True):
                half.d_predicting[:] *= pulled[mine.targets]
        self._backward(portions, halfway)
        return predictions

    def _forward(self, pack: Pack, weights: Array, portions: list[_Portion]) -> list[_Halfway]:
        transformer = self._transformer
        kept = transformer.kept_layers(len(pack.tokens) / len(portions))

        def work(mine: _Portion, meet: Meet) -> _Halfway:
            tokens, positions = pack.tokens[mine.rows], pack.positions[mine.rows]
            states, tape = transformer.states_and_tape(
                tokens, positions, self._attend(mine, meet), kept
            )
            targets, output = pack.targets[mine.targets], transformer.weights.output
            found = predict_with_gradient(
                states[mine.predicting], output, targets, weights[mine.targets]
            )
            return _Halfway(tape, *found)

        return self._team.run(work, portions)

    def _backward(self, portions: list[_Portion], halfway: list[_Halfway]) -> None:
        """Let every member go back with gradients of its own, and add them up in a fixed order."""
        transformer = self._transformer
        while len(self._gradients) < len(portions):
            self._gradients.append(self._gradients[0].zeros_like())
        total, *further = (gradients.flat for gradients in self._gradients[: len(portions)])
        for gradient in further:
            gradient[:] = 0

        def work(place: int, meet: Meet) -> None:
            mine, half = portions[place], halfway[place]
            d_states = np.zeros_like(half.tape.last)
            d_states[mine.predicting] = half.d_predicting
            attend = self._attend(mine, meet)

            def attend_backward(
                d_out: Array, out: Array, q: Array, k: Array, v: Array
            ) -> tuple[Array, Array, Array]:
                self._go_on()
                return mine.attention.attend_backward(meet, d_out, out, q, k, v)

            transformer.backward(
                d_states, half.tape, self._gradients[place], attend, attend_backward
            )

        self._team.run(work, range(len(portions)))
        for gradient in further:
            total += gradient

    def _attend(self, mine: _Portion, meet: Meet) -> Attend:
        def attend(q: Array, k: Array, v: Array) -> Array:
            self._go_on()
            return mine.attention.attend(meet, q, k, v)

        return attend

    def _go_on(self) -> None:
        if self._broken_off():
            raise BrokenOffError


def _portions(pack: Pack, most: int) -> list[_Portion]:
    """Share out a pack's rows so that each member has about the same to do."""
    cost = np.ones(len(pack.tokens))
    cost[pack.predicting] += PREDICTED
    members = max(1, min(most, len(cost) // LEAST_ROWS))
    done = np.cumsum(cost)
    inner = np.searchsorted(done, done[-1] * np.arange(1, members) / members)
    cuts = [0, *inner.tolist(), len(cost)]
    ends = np.searchsorted(pack.predicting, cuts).tolist()
    return [
        _Portion(
            rows=slice(start, stop),
            targets=slice(first, last),
            predicting=pack.predicting[first:last] - start,
            attention=attention,
        )
        for (start, stop), (first, last), attention in zip(
            pairwise(cuts), pairwise(ends), shared_attention(pack, cuts), strict=True
        )
    ]


def _together(parts: list[Predictions]) -> Predictions:
    return Predictions(
        np.concatenate([part.log_probabilities for part in parts]),
        np.concatenate([part.right for part in parts]),
    )
