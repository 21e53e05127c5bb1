"""Answers: adapters travel between back ends, and replies are the same in all of them."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import (
    LoraSettings,
    Model,
    ModelFileError,
    Sampling,
)
from tests.engine.backends.conformance.installed import BACKENDS, BATCHES, TEXT

LORA = LoraSettings(4, 8.0)
GRAMMAR = "start: /(yes|no)!+/"


@pytest.fixture(scope="module")
def adapters(models: dict[str, Model], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each back end has learned."""
    folders = {}
    for name, model in models.items():
        trainer = model.trainer(LORA, seed=5)
        for batch in BATCHES:
            trainer.step(batch, 2e-2)
        folders[name] = tmp_path_factory.mktemp("adapters") / name
        trainer.export_adapter(folders[name])
    return folders


def reply(model: Model, sampling: Sampling) -> list[tuple[str, int, str | None, int]]:
    pieces = model.generate(model.tokenize(TEXT), sampling)
    return [(p.text, p.completion_tokens, p.finish_reason, p.choice) for p in pieces]


@pytest.mark.parametrize(("writer", "reader"), list(permutations(BACKENDS, 2)))
def test_an_adapter_of_one_answers_from_the_other(
    models: dict[str, Model], adapters: dict[str, Path], writer: str, reader: str
) -> None:
    tokens = models[writer].tokenize(TEXT)
    base = models[writer].score(tokens)
    found = []
    for name in (writer, reader):
        models[name].use_adapter(adapters[writer])
        found.append((models[name].score(tokens), models[name].likeliest(tokens, 300)))
        models[name].use_adapter(None)
    (own, own_likeliest), (others, others_likeliest) = found
    assert np.abs(own - base)[1:].max() > 0.1
    assert np.abs(own - others)[1:].max() < 1e-3
    for one, other in zip(own_likeliest, others_likeliest, strict=True):
        known = {each.content: each.logprob for each in one}
        # Tokens of the same bytes stand for each other.
        assert all(abs(known[each.content] - each.logprob) < 1e-3 for each in other[:50])


def test_an_adapter_is_put_on_and_taken_off(model: Model, adapters: dict[str, Path]) -> None:
    tokens = model.tokenize(TEXT)
    base = model.score(tokens)[1:]
    model.use_adapter(adapters["numpy_llama"])
    tuned = model.score(tokens)[1:]
    model.use_adapter(adapters["numpy_llama"])
    assert np.array_equal(model.score(tokens)[1:], tuned)
    with pytest.raises(ModelFileError):
        model.use_adapter(adapters["numpy_llama"] / "none")
    assert np.array_equal(model.score(tokens)[1:], tuned)
    model.use_adapter(None)
    assert np.array_equal(model.score(tokens)[1:], base)


def test_a_run_goes_on_from_an_adapter_of_any_back_end(
    model: Model, adapters: dict[str, Path]
) -> None:
    for folder in adapters.values():
        begun = model.trainer(LoraSettings(16), seed=1, start=folder)
        model.use_adapter(folder)
        scores = model.score(BATCHES[0][2].tokens)[BATCHES[0][2].loss_weights > 0]
        model.use_adapter(None)
        expected = -float(scores.mean())
        assert begun.validate([BATCHES[0][2]]).loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0, max_tokens=30),
        Sampling(seed=4, max_tokens=20),
        Sampling(seed=4, max_tokens=20, choices=3, top_p=0.8),
        Sampling(seed=4, max_tokens=20, frequency_penalty=1.5, presence_penalty=0.5),
        Sampling(seed=4, max_tokens=20, logit_bias={40: 30.0, 41: 30.0}),
        Sampling(temperature=0, max_tokens=20, top_logprobs=3),
        Sampling(seed=2, max_tokens=12, grammar=GRAMMAR),
        Sampling(temperature=0, max_tokens=40, stop=["8", "e"]),
    ],
    ids=str,
)
def test_all_back_ends_say_the_same(models: dict[str, Model], sampling: Sampling) -> None:
    if sampling.grammar is not None:
        pytest.importorskip("llguidance")
    expected = reply(models["numpy_llama"], sampling)
    assert expected[-1][2] is not None
    for model in models.values():
        assert reply(model, sampling) == expected


def test_scores_come_with_the_tokens(model: Model) -> None:
    sampling = Sampling(temperature=0, max_tokens=5, top_logprobs=2)
    pieces = list(model.generate(model.tokenize(TEXT), sampling))
    scored = [each for piece in pieces for each in piece.scored]
    assert scored
    assert all(each.likeliest[0].logprob == each.logprob for each in scored)


@pytest.mark.parametrize("length", [0, 1, 2, 129, 300])
def test_scores_of_any_length_are_the_same(models: dict[str, Model], length: int) -> None:
    tokens = np.random.default_rng(1).integers(3, 300, length)
    expected = models["numpy_llama"].score(tokens)
    for model in models.values():
        found = model.score(tokens)
        assert found.shape == (length,)
        np.testing.assert_allclose(found, expected, atol=1e-3)
        assert len(model.likeliest(tokens, 3)) == max(0, length - 1)


def test_a_prompt_without_room_is_refused(model: Model) -> None:
    for length in (0, 512, 600):
        with pytest.raises(ValueError, match="tokens"):
            model.generate(np.ones(length, np.int64), Sampling())
