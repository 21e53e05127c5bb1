"""What was read before serves a prompt that begins in the same way, with the same result."""

from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import LoraSettings, Sampling, TokenIds
from desktop_app.engine.backends.generation.guessing import Phrases
from desktop_app.engine.backends.numpy_llama.decoder import NumpyCheckingDecoder, NumpyDecoder
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.readings import Readings
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from tests.engine.backends.double_precision import double_weights

TOKENS = np.random.default_rng(4).integers(3, 300, 60)


def adapted(base: Transformer) -> Transformer:
    adapters = LoraParameters(base.weights.shape, LoraSettings(rank=3), np.float64)
    adapters.flat[:] = np.random.default_rng(5).normal(0, 0.1, len(adapters.flat))
    return Transformer(base.weights, adapters)


@pytest.fixture
def transformer(tiny_path: Path) -> Transformer:
    return Transformer(double_weights(tiny_path), None)


def read(
    transformer: Transformer, tokens: TokenIds, readings: Readings
) -> tuple[Array, NumpyCheckingDecoder]:
    decoder = NumpyCheckingDecoder(transformer, 100, readings, Phrases())
    logits = decoder.next_logits(tokens[None])
    decoder.finish()
    return logits, decoder


def anew(transformer: Transformer, tokens: TokenIds) -> Array:
    return NumpyDecoder(transformer, 100).next_logits(tokens[None])


@pytest.mark.parametrize("common", [0, 5, 20, 39, 40])
def test_a_common_beginning_gives_the_same_logits(transformer: Transformer, common: int) -> None:
    readings = Readings()
    read(transformer, TOKENS[:40], readings)
    tokens = np.concatenate([TOKENS[:common], TOKENS[45:]])
    found = readings.find(transformer, tokens)
    assert (found[0] if found else 0) == (common if common >= 8 else 0)
    logits, _ = read(transformer, tokens, readings)
    np.testing.assert_allclose(logits, anew(transformer, tokens), rtol=1e-9, atol=1e-9)


def test_the_same_prompt_again_is_read_but_for_its_last_token(
    transformer: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = Readings()
    first, _ = read(transformer, TOKENS[:40], readings)
    sizes = []
    states = Transformer.states

    def counted(self: Transformer, tokens: TokenIds, *rest: object) -> Array:
        sizes.append(len(tokens))
        return states(self, tokens, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Transformer, "states", counted)
    again, _ = read(transformer, TOKENS[:40], readings)
    assert sizes == [1]
    np.testing.assert_allclose(again, first, rtol=1e-9, atol=1e-9)


def test_another_adapter_reads_for_itself(transformer: Transformer) -> None:
    readings = Readings()
    read(transformer, TOKENS[:40], readings)
    other = adapted(transformer)
    assert readings.find(other, TOKENS[:40]) is None
    logits, _ = read(other, TOKENS[:40], readings)
    np.testing.assert_allclose(logits, anew(other, TOKENS[:40]), rtol=1e-9, atol=1e-9)


def test_what_was_taken_back_is_not_remembered(transformer: Transformer) -> None:
    readings = Readings()
    _, decoder = read(transformer, TOKENS[:20], readings)
    decoder.check(TOKENS[20:26])
    decoder.take_back(4)
    logits = decoder.check(TOKENS[40:45])[-1:]
    whole = np.concatenate([TOKENS[:22], TOKENS[40:45]])
    np.testing.assert_allclose(logits, anew(transformer, whole), rtol=1e-9, atol=1e-9)
    decoder.finish()
    found = readings.find(transformer, TOKENS)
    assert found is not None
    assert found[0] == 22


def test_readings_stay_within_their_bytes(transformer: Transformer) -> None:
    shape = transformer.weights.shape
    each = 2 * 8 * shape.layers * shape.keys_width
    readings = Readings(50 * each)
    for start in range(0, 40, 10):
        read(transformer, np.roll(TOKENS, start)[:30], readings)
    assert sum(kept.bytes for kept in readings._kept) <= 50 * each
    assert len(readings._kept) == 1
    read(transformer, TOKENS, readings)
    found = readings.find(transformer, TOKENS)
    assert found is not None
    assert found[0] == 50


def test_a_longer_reading_takes_the_place_of_its_beginning(transformer: Transformer) -> None:
    readings = Readings()
    for length in (20, 30, 40):
        read(transformer, TOKENS[:length], readings)
    assert [len(kept.tokens) for kept in readings._kept] == [40]


def test_a_chat_that_goes_on_is_answered_as_if_it_began(
    tiny_path: Path, tiny_model: NumpyLlamaModel
) -> None:
    sampling = Sampling(temperature=0.8, seed=2, max_tokens=15)

    def reply(model: NumpyLlamaModel, prompt: TokenIds) -> str:
        return "".join(piece.text for piece in model.generate(prompt, sampling))

    prompt = TOKENS[:30]
    for turn in range(3):
        text = reply(tiny_model, prompt)
        assert text == reply(NumpyLlamaModel(tiny_path), prompt)
        said = tiny_model.tokenize(text)
        prompt = np.concatenate([prompt, said, TOKENS[turn * 5 : turn * 5 + 10]])
