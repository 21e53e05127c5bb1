"""Several replies to one prompt, what their tokens are told of, what holds tokens back."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, ScoredToken
from desktop_app.engine.backends.generation import generation
from desktop_app.engine.backends.generation.sampling import Sampler, scored
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.tiny_model import tiny_weights, vocabulary, write_model

PROMPT = np.random.default_rng(4).integers(3, 300, 20)


def told(model: NumpyLlamaModel, sampling: Sampling) -> list[tuple[str, str | None]]:
    """Return each choice's text and end."""
    texts = [""] * sampling.choices
    ends: list[str | None] = [None] * sampling.choices
    for piece in model.generate(PROMPT, sampling):
        assert ends[piece.choice] is None
        texts[piece.choice] += piece.text
        ends[piece.choice] = piece.finish_reason
    return list(zip(texts, ends, strict=True))


def test_choices_differ_and_are_the_same_again(tiny_model: NumpyLlamaModel) -> None:
    sampling = Sampling(seed=3, max_tokens=12, choices=4)
    replies = told(tiny_model, sampling)
    assert len(set(replies)) == 4
    assert told(tiny_model, sampling) == replies
    assert told(tiny_model, dataclasses.replace(sampling, choices=1)) == replies[:1]
    assert all(end is not None for _, end in replies)


def test_choices_that_do_not_fit_at_once_come_one_after_another(
    tiny_model: NumpyLlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampling = Sampling(seed=3, max_tokens=12, choices=4)
    together = told(tiny_model, sampling)
    monkeypatch.setattr(generation, "_CACHE_BYTES", 1)
    assert told(tiny_model, sampling) == together


def test_greedy_choices_are_one_and_the_same(tiny_model: NumpyLlamaModel) -> None:
    replies = told(tiny_model, Sampling(temperature=0, max_tokens=10, choices=20))
    assert len(set(replies)) == 1


def test_choices_end_at_their_own_time(tiny_model: NumpyLlamaModel) -> None:
    sampling = Sampling(temperature=1.5, seed=5, max_tokens=150, choices=6)
    last = {p.choice: p for p in tiny_model.generate(PROMPT, sampling) if p.finish_reason}
    counts = {piece.completion_tokens for piece in last.values()}
    assert len(last) == 6
    assert len(counts) > 1
    alone = dataclasses.replace(sampling, choices=1)
    assert told(tiny_model, alone)[0] == told(tiny_model, sampling)[0]


def test_no_tokens_are_no_text_for_each_choice(tiny_model: NumpyLlamaModel) -> None:
    assert list(tiny_model.generate(PROMPT, Sampling(max_tokens=0, choices=2))) == [
        GeneratedPiece("", 0, "length", 0),
        GeneratedPiece("", 0, "length", 1),
    ]


def test_every_token_is_scored_as_the_model_expects_it(tiny_model: NumpyLlamaModel) -> None:
    sampling = Sampling(seed=2, temperature=1.3, max_tokens=15, top_logprobs=3)
    pieces = list(tiny_model.generate(PROMPT, sampling))
    tokens = [token for piece in pieces for token in piece.scored]
    text = "".join(piece.text for piece in pieces)
    assert b"".join(token.content for token in tokens).decode(errors="replace") == text
    ids = [next(t for t in range(300) if tiny_model.token_bytes(t) == x.content) for x in tokens]
    expected = tiny_model.score(np.concatenate([PROMPT, ids]))[len(PROMPT) :]
    np.testing.assert_allclose([token.logprob for token in tokens], expected, atol=1e-3)
    for token in tokens:
        values = [other.logprob for other in token.likeliest]
        assert len(values) == 3
        assert values == sorted(values, reverse=True)
        assert token.logprob <= values[0]


def test_tokens_of_a_stop_string_are_not_told_of(tiny_model: NumpyLlamaModel) -> None:
    def tokens(stop: list[str]) -> tuple[str, bytes]:
        sampling = Sampling(temperature=0, max_tokens=40, top_logprobs=0, stop=stop)
        pieces = list(tiny_model.generate(PROMPT, sampling))
        told = b"".join(token.content for piece in pieces for token in piece.scored)
        return "".join(piece.text for piece in pieces), told

    whole, _ = tokens([])
    stop = whole[9:13]
    text, told = tokens([stop])
    assert text == whole[: whole.find(stop)]
    assert told.decode(errors="replace").startswith(text)
    assert stop not in told.decode(errors="replace")


def test_nothing_is_scored_unless_asked(tiny_model: NumpyLlamaModel) -> None:
    pieces = tiny_model.generate(PROMPT, Sampling(max_tokens=4))
    assert not any(piece.scored for piece in pieces)


def test_the_likeliest_after_each_part_of_a_text(tiny_model: NumpyLlamaModel) -> None:
    found = tiny_model.likeliest(PROMPT, 4)
    assert len(found) == len(PROMPT) - 1
    scores = tiny_model.score(PROMPT)
    for place, likely in enumerate(found, 1):
        assert [x.logprob for x in likely] == sorted((x.logprob for x in likely), reverse=True)
        assert likely[0].logprob >= scores[place] - 1e-4
    assert tiny_model.likeliest(PROMPT[:1], 4) == []


def test_a_score_is_the_logarithm_of_the_share(tiny_model: NumpyLlamaModel) -> None:
    tokenizer = tiny_model._tokenizer
    logits = np.log(np.arange(1.0, 301.0))
    one = scored(tokenizer, logits, 9, 2)
    assert one == ScoredToken(tokenizer.content(9), one.logprob, one.likeliest)
    assert one.logprob == pytest.approx(math.log(10 / logits_total()))
    assert [x.content for x in one.likeliest] == [tokenizer.content(299), tokenizer.content(298)]
    assert scored(tokenizer, logits, 9, 0).likeliest == []


def logits_total() -> float:
    return 300 * 301 / 2


LOGITS = np.log(np.array([0.05, 0.5, 0.15, 0.3]))


def chosen(sampling: Sampling, count: int) -> list[int]:
    sampler = Sampler(sampling)
    return [sampler.choose(LOGITS) for _ in range(count)]


def test_a_bias_bans_or_forces_tokens() -> None:
    assert chosen(Sampling(temperature=0, logit_bias={1: -100}), 1) == [3]
    assert set(chosen(Sampling(seed=1, logit_bias={0: 100}), 50)) == {0}


def test_penalties_turn_to_other_tokens() -> None:
    greedy = Sampling(temperature=0)
    assert chosen(greedy, 4) == [1, 1, 1, 1]
    once = dataclasses.replace(greedy, presence_penalty=2)
    assert chosen(once, 5) == [1, 3, 2, 1, 1]
    often = dataclasses.replace(greedy, frequency_penalty=1)
    assert chosen(often, 4) == [1, 3, 1, 2]
    fond = dataclasses.replace(greedy, presence_penalty=-2, logit_bias={0: 5})
    assert chosen(fond, 2) == [0, 0]


def test_the_logits_that_are_handed_in_stay_as_they_are() -> None:
    before = LOGITS.copy()
    chosen(Sampling(temperature=0, presence_penalty=1, logit_bias={1: 3}), 3)
    np.testing.assert_array_equal(LOGITS, before)


def test_calls_of_tools_are_seen_where_their_tags_are_tokens(tmp_path: Path) -> None:
    tokens = ["<tool_call>", *vocabulary()[1:]]
    path = write_model(tmp_path / "m.gguf", tiny_weights(0), {"tokenizer.ggml.tokens": tokens})
    model = NumpyLlamaModel(path)
    for token, text in ((0, "<tool_call>"), (1, "")):
        sampling = Sampling(max_tokens=1, logit_bias={token: 100})
        assert [piece.text for piece in model.generate(PROMPT, sampling)] == [text]
