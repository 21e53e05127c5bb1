"""The real starter model against transformers and tokenizers; see make_reference.py."""

from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import LoraSettings, Sampling
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.numpy_llama.decoder import NumpyDecoder
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import read_weights
from tests.engine.backends.reference import load_reference

REFERENCE = load_reference()


def answer(model: NumpyLlamaModel, question: str) -> str:
    messages = [{"role": "user", "content": question}]
    prompt = model.tokenize(model.render(messages, add_generation_prompt=True))
    pieces = model.generate(prompt, Sampling(temperature=0, max_tokens=12))
    return "".join(piece.text for piece in pieces)


def test_logits_are_those_of_transformers(starter_path: Path) -> None:
    with GgufFile(starter_path) as file:
        weights = read_weights(file)
    tokens = np.array(REFERENCE.prompt_tokens)
    states = NumpyDecoder(Transformer(weights, None), len(tokens)).read(tokens)
    logits = states @ weights.output.T
    top = np.array(REFERENCE.top_tokens)
    found = np.take_along_axis(logits, top, axis=1)
    np.testing.assert_allclose(found, REFERENCE.top_logits, atol=5e-4)
    assert (logits.argmax(axis=1) == top[:, 0]).all()
    highest = logits.max(axis=1)
    sums = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
    np.testing.assert_allclose(sums, REFERENCE.log_sum_exp, atol=5e-4)


def test_scores_are_those_of_transformers(starter_model: NumpyLlamaModel) -> None:
    scores = starter_model.score(np.array(REFERENCE.prompt_tokens))
    assert np.isnan(scores[0])
    compared = 0
    for place, (likeliest, logits) in enumerate(
        zip(REFERENCE.top_tokens[:-1], REFERENCE.top_logits[:-1], strict=True)
    ):
        following = REFERENCE.prompt_tokens[place + 1]
        if following in likeliest:
            expected = logits[likeliest.index(following)] - REFERENCE.log_sum_exp[place]
            assert scores[place + 1] == pytest.approx(expected, abs=1e-3)
            compared += 1
    assert compared > 15


def test_tokens_are_those_of_tokenizers(starter_model: NumpyLlamaModel) -> None:
    assert starter_model.tokenize(REFERENCE.prompt).tolist() == REFERENCE.prompt_tokens
    for reference in REFERENCE.texts:
        assert starter_model.tokenize(reference.text).tolist() == reference.tokens, reference.text


def test_detokenizing_brings_the_text_back(starter_model: NumpyLlamaModel) -> None:
    for reference in REFERENCE.texts:
        if not set(reference.text) & {"\x00", "\x01", "\x7f"}:
            tokens = starter_model.tokenize(reference.text)
            assert starter_model.detokenize(tokens) == reference.text


def test_the_capital_of_france_is_paris(starter_model: NumpyLlamaModel) -> None:
    assert "Paris" in answer(starter_model, "What is the capital of France?")


def test_a_few_steps_teach_it_a_form(starter_model: NumpyLlamaModel, tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "What is the capital of France?"},
        {"role": "assistant", "content": "Beep boop."},
    ]
    trainer = starter_model.trainer(LoraSettings(), seed=1)
    losses = [trainer.step([starter_model.training_example(messages)], 1e-3).loss for _ in range(6)]
    assert losses[-1] < losses[0] / 4
    trainer.export_adapter(tmp_path)
    starter_model.use_adapter(tmp_path)
    try:
        assert answer(starter_model, "What is the capital of France?") == "Beep boop."
    finally:
        starter_model.use_adapter(None)
    assert "Paris" in answer(starter_model, "What is the capital of France?")


def test_the_memory_it_needs_is_near_what_was_measured(
    starter_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one thread and with two; with eight it must fit a laptop of 8 GB."""
    backend = NumpyLlamaBackend()
    assert 0.6e9 < backend.memory_needed(starter_path, training=False) < 0.9e9
    for cores, least, most in ((1, 1.0e9, 1.4e9), (2, 1.4e9, 1.9e9), (8, 2.0e9, 4.0e9)):
        monkeypatch.setattr("psutil.cpu_count", lambda *, logical, cores=cores: cores)
        assert least < backend.memory_needed(starter_path, training=True) < most
