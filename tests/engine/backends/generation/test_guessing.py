"""Guesses at how a reply goes on: they save time, and change nothing."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Sampling, TokenIds
from desktop_app.engine.backends.generation import generation, guessing
from desktop_app.engine.backends.generation.guessing import Guesser, Phrases
from desktop_app.engine.backends.numpy_llama.decoder import NumpyCheckingDecoder
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel

PROMPT = np.random.default_rng(4).integers(3, 300, 20)
SAMPLINGS = {
    "greedy": Sampling(temperature=0, max_tokens=60),
    "drawn": Sampling(temperature=0.7, seed=3, max_tokens=60),
    "nucleus": Sampling(temperature=1.2, top_p=0.8, seed=5, max_tokens=60, top_logprobs=2),
    "penalties": Sampling(
        temperature=0, max_tokens=40, frequency_penalty=0.6, presence_penalty=0.4
    ),
    "bias": Sampling(temperature=0.5, seed=1, max_tokens=40, logit_bias={40: 6.0, 41: -100.0}),
    "stop": Sampling(temperature=0, max_tokens=60, stop=["e", "th"]),
    "short": Sampling(temperature=0, max_tokens=1),
}


class Checks:
    """Counts the steps of the decoder, and the tokens that they read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        check = NumpyCheckingDecoder.check

        def counted(decoder: NumpyCheckingDecoder, tokens: TokenIds) -> Array:
            self.sizes.append(len(tokens))
            return check(decoder, tokens)

        monkeypatch.setattr(NumpyCheckingDecoder, "check", counted)


def told(model: NumpyLlamaModel, sampling: Sampling) -> tuple[str, list[bytes], int, str | None]:
    """Return a reply's text, its scored tokens, the number of its tokens and why it ended."""
    pieces = list(model.generate(PROMPT, sampling))
    scored = [token.content for piece in pieces for token in piece.scored]
    text = "".join(piece.text for piece in pieces)
    return text, scored, pieces[-1].completion_tokens, pieces[-1].finish_reason


@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
@pytest.mark.parametrize("guesses", ["as learnt", "at random", "right", "half right"])
def test_a_reply_is_the_same_whatever_was_guessed(
    tiny_model: NumpyLlamaModel, monkeypatch: pytest.MonkeyPatch, sampling: Sampling, guesses: str
) -> None:
    monkeypatch.setattr(generation, "_MOST_GUESSES", 0)
    chosen: list[int] = []
    add = Guesser.add

    def noted(guesser: Guesser, token: int) -> None:
        chosen.append(token)
        add(guesser, token)

    monkeypatch.setattr(Guesser, "add", noted)
    expected = told(tiny_model, sampling)
    monkeypatch.setattr(Guesser, "add", add)
    monkeypatch.setattr(generation, "_MOST_GUESSES", 7)
    draw = np.random.default_rng(1)

    def guess(guesser: Guesser, most: int) -> list[int]:
        here = len(guesser._tokens)
        found = chosen[here : here + most]
        if guesses == "half right":
            found = [*found[:3], *draw.integers(3, 300, len(found[3:])).tolist()]
        elif guesses == "at random":
            found = draw.integers(3, 300, len(found)).tolist()
        return found

    if guesses != "as learnt":
        monkeypatch.setattr(Guesser, "guess", guess)
    assert told(tiny_model, sampling) == expected


def test_what_repeats_itself_takes_fewer_steps(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, checks = NumpyLlamaModel(tiny_path), Checks(monkeypatch)
    sampling = Sampling(temperature=0, max_tokens=60)
    first = told(model, sampling)
    steps = len(checks.sizes)
    checks.sizes.clear()
    assert told(model, sampling) == first
    assert len(checks.sizes) < steps < first[2]


def test_a_prompt_and_a_reply_are_never_longer_than_the_room_for_them(
    tiny_model: NumpyLlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = Checks(monkeypatch)
    monkeypatch.setattr(Guesser, "guess", lambda _, most: [5] * most)
    room = tiny_model.context_tokens - len(PROMPT)
    sampling = Sampling(temperature=0, max_tokens=1_000_000, logit_bias={5: 1000.0})
    *_, last = tiny_model.generate(PROMPT, sampling)
    assert (last.completion_tokens, last.finish_reason) == (room, "length")
    assert len(checks.sizes) == -(-(room - 1) // 8)


def test_several_choices_are_the_same_after_others(tiny_model: NumpyLlamaModel) -> None:
    sampling = Sampling(seed=3, max_tokens=12, choices=3)

    def texts() -> Iterator[str]:
        pieces = list(tiny_model.generate(PROMPT, sampling))
        return ("".join(p.text for p in pieces if p.choice == c) for c in range(3))

    first = list(texts())
    told(tiny_model, dataclasses.replace(sampling, choices=1, max_tokens=40))
    assert list(texts()) == first


def guessed(said: list[int], now: list[int], sure: float = 0.4) -> list[int]:
    phrases = Phrases()
    Guesser(phrases, said, sure)
    return Guesser(phrases, now, sure).guess(7)


def test_what_was_said_before_is_guessed() -> None:
    assert guessed([1, 2, 3, 4, 5, 6], [9, 2, 3]) == [4, 5, 6]
    assert guessed([1, 2, 3], [9]) == []
    assert guessed([], []) == []


def test_what_was_said_in_two_ways_is_not_sure_enough() -> None:
    said = [1, 2, 3, 7, 1, 2, 4, 8]
    assert guessed(said, [1, 2], sure=0.45) == []
    assert guessed([*said, 1, 2, 4, 8, 1, 2, 4, 9], [1, 2], sure=0.3)[:1] == [4]


def test_what_is_remembered_stays_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_MOST_KEPT", 100)
    phrases = Phrases()
    said = np.random.default_rng(2).integers(0, 1000, 900).tolist()
    guesser = Guesser(phrases, said, 0.4)
    assert len(phrases._after) <= 100
    for token in said[-6:-2]:
        guesser.add(token)
    assert guesser.guess(2) == said[-2:]


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_seed_gives_the_same_to_the_last_bit_whatever_was_asked_before(
    tiny_path: Path, temperature: float
) -> None:
    model = NumpyLlamaModel(tiny_path)
    sampling = Sampling(temperature=temperature, seed=7, max_tokens=40, top_logprobs=3)
    first = list(model.generate(PROMPT, sampling))
    unseeded = dataclasses.replace(sampling, seed=None)
    for other in (unseeded, Sampling(temperature=0, max_tokens=60)):
        told(model, other)
    assert list(model.generate(PROMPT, sampling)) == first
    several = dataclasses.replace(sampling, choices=2)
    assert list(model.generate(PROMPT, several)) == list(model.generate(PROMPT, several))
