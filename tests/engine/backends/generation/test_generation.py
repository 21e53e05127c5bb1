from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, TokenIds
from desktop_app.engine.backends.generation.choice import StopGuard
from desktop_app.engine.backends.generation.sampling import Sampler
from desktop_app.engine.backends.numpy_llama.attention import attention
from desktop_app.engine.backends.numpy_llama.decoder import NumpyDecoder
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from tests.engine.backends.double_precision import double_weights

PROMPT = np.random.default_rng(4).integers(3, 300, 20)


@pytest.fixture
def transformer(tiny_path: Path) -> Transformer:
    return Transformer(double_weights(tiny_path), None)


def states_at_once(transformer: Transformer, tokens: TokenIds) -> Array:
    layers = transformer.weights.shape.layers
    return transformer.states(tokens, np.arange(len(tokens)), [attention] * layers)


@pytest.mark.parametrize("first", [1, 7, 19])
def test_reading_in_parts_is_reading_at_once(transformer: Transformer, first: int) -> None:
    decoder = NumpyDecoder(transformer, len(PROMPT))
    parts = [
        decoder.read(PROMPT[:first]),
        *(decoder.read(PROMPT[i : i + 1]) for i in range(first, 20)),
    ]
    at_once = states_at_once(transformer, PROMPT)
    np.testing.assert_allclose(np.concatenate(parts), at_once, rtol=1e-9, atol=1e-9)


def test_a_prompt_longer_than_a_chunk_is_read_in_parts(transformer: Transformer) -> None:
    tokens = np.random.default_rng(5).integers(3, 300, 600)
    read = NumpyDecoder(transformer, 600).read(tokens)
    np.testing.assert_allclose(read, states_at_once(transformer, tokens), rtol=1e-9, atol=1e-9)


def test_scores_are_the_log_probabilities_of_each_token(
    transformer: Transformer, tiny_model: NumpyLlamaModel
) -> None:
    logits = states_at_once(transformer, PROMPT) @ transformer.weights.output.T
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = logs[np.arange(19), PROMPT[1:]]
    scores = tiny_model.score(PROMPT)
    np.testing.assert_allclose(scores[1:], expected, atol=1e-4)
    assert np.isnan(scores[0])
    assert np.isnan(tiny_model.score(PROMPT[:1])).all()
    assert len(tiny_model.score(PROMPT[:0])) == 0


def told(model: NumpyLlamaModel, sampling: Sampling) -> tuple[str, GeneratedPiece]:
    pieces = list(model.generate(PROMPT, sampling))
    assert all(piece.finish_reason is None and piece.text for piece in pieces[:-1])
    return "".join(piece.text for piece in pieces), pieces[-1]


def test_greedy_decoding_takes_the_likeliest_each_time(
    transformer: Transformer, tiny_model: NumpyLlamaModel
) -> None:
    tokens = PROMPT
    for _ in range(8):
        logits = transformer.weights.output @ states_at_once(transformer, tokens)[-1]
        tokens = np.append(tokens, logits.argmax())
    text, last = told(tiny_model, Sampling(temperature=0, max_tokens=8))
    assert text == tiny_model.detokenize(tokens[20:])
    assert (last.finish_reason, last.completion_tokens) == ("length", 8)


def test_a_seed_makes_a_reply_reproducible(tiny_model: NumpyLlamaModel) -> None:
    replies = [told(tiny_model, Sampling(seed=seed, max_tokens=30))[0] for seed in (1, 1, 2)]
    assert replies[0] == replies[1] != replies[2]


def test_an_end_of_turn_ends_the_reply(tiny_model: NumpyLlamaModel) -> None:
    for seed in range(60):
        text, last = told(tiny_model, Sampling(temperature=3, seed=seed, max_tokens=200))
        if last.finish_reason == "stop":
            assert last.completion_tokens < 200
            assert "<|im_end|>" not in text
            return
    pytest.fail("none of 60 replies ended")


def test_a_stop_string_ends_the_reply_before_it(tiny_model: NumpyLlamaModel) -> None:
    whole, _ = told(tiny_model, Sampling(temperature=0, max_tokens=40))
    stop = whole[9:13]
    text, last = told(tiny_model, Sampling(temperature=0, max_tokens=40, stop=[stop, "never said"]))
    assert text == whole[: whole.find(stop)]
    assert last.finish_reason == "stop"


def test_no_tokens_are_no_text(tiny_model: NumpyLlamaModel) -> None:
    assert told(tiny_model, Sampling(max_tokens=0)) == ("", GeneratedPiece("", 0, "length"))


def test_a_reply_ends_where_the_context_does(tiny_model: NumpyLlamaModel) -> None:
    prompt = np.resize(PROMPT, tiny_model.context_tokens - 3)
    *_, last = tiny_model.generate(prompt, Sampling(temperature=0, max_tokens=50))
    assert (last.finish_reason, last.completion_tokens) == ("length", 3)


@pytest.mark.parametrize("length", [0, 512, 513])
def test_a_prompt_that_leaves_no_room_is_refused(tiny_model: NumpyLlamaModel, length: int) -> None:
    with pytest.raises(ValueError, match="1 to 511 are possible"):
        tiny_model.generate(np.resize(PROMPT, length), Sampling())


def test_closing_stops_at_once(tiny_model: NumpyLlamaModel) -> None:
    pieces = tiny_model.generate(PROMPT, Sampling(temperature=0, max_tokens=100))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # an Iterator by the protocol, a generator in fact
    assert list(pieces) == []


@given(st.lists(st.text("abc", max_size=4)), st.lists(st.text("abc", max_size=4), max_size=3))
def test_text_passes_up_to_the_first_stop_string(pieces: list[str], stops: list[str]) -> None:
    guard = StopGuard(stops)
    passed = ""
    for piece in pieces:
        passed += guard.add(piece)
        if guard.stopped:
            break
    passed += guard.rest()
    whole = "".join(pieces)
    found = [whole.find(stop) for stop in stops if stop and stop in whole]
    if guard.stopped:
        assert passed in {whole[: whole.find(stop)] for stop in stops if stop and stop in whole}
    else:
        assert not found
        assert passed == whole


def drawn(logits: Array, sampling: Sampling, count: int = 4000) -> Array:
    sampler = Sampler(sampling)
    tokens = [sampler.choose(logits) for _ in range(count)]
    return np.bincount(tokens, minlength=len(logits)) / count


LOGITS = np.log(np.array([0.05, 0.5, 0.15, 0.3]))


def test_tokens_are_drawn_by_their_probabilities() -> None:
    shares = drawn(LOGITS, Sampling(seed=1))
    np.testing.assert_allclose(shares, np.exp(LOGITS), atol=0.03)


def test_temperature_sharpens_and_flattens() -> None:
    np.testing.assert_allclose(
        drawn(LOGITS, Sampling(temperature=0.5, seed=1)),
        np.exp(2 * LOGITS) / np.exp(2 * LOGITS).sum(),
        atol=0.03,
    )
    assert drawn(LOGITS, Sampling(temperature=1e-9, seed=1))[1] == 1
    assert drawn(LOGITS, Sampling(temperature=0, seed=1))[1] == 1


@pytest.mark.parametrize(
    ("top_p", "nucleus"), [(0.4, [1]), (0.5, [1]), (0.7, [1, 3]), (0.9, [1, 2, 3]), (0.0, [1])]
)
def test_the_nucleus_is_the_smallest_set_that_suffices(top_p: float, nucleus: list[int]) -> None:
    shares = drawn(LOGITS, Sampling(top_p=top_p, seed=1))
    assert np.flatnonzero(shares).tolist() == nucleus


@given(st.integers(0, 2**32), st.floats(0.01, 0.99))
def test_the_nucleus_of_many_tokens_is_that_of_sorting_all(seed: int, top_p: float) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(200, 0.1))
    order = np.argsort(-p)
    most = int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1
    sampler = Sampler(Sampling(top_p=top_p, seed=seed))
    with np.errstate(divide="ignore"):
        logits = np.log(p)
    assert {sampler.choose(logits) for _ in range(20)} <= set(order[:most].tolist())
