"""Preference examples: encoded, measured before training, learned from."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    LoraSettings,
    Model,
    PreferencePair,
)
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner.encoding import (
    Replies,
    encode_preference,
    encode_preference_file,
)
from desktop_app.engine.jobs_runner.lessons import PreferenceLessons
from desktop_app.engine.jobs_runner.reference import STRETCH, with_reference
from tests.engine.service.job_lines import preference_lines

LORA = LoraSettings(rank=4, alpha=8)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return NumpyLlamaBackend().load(tiny_model)


@pytest.fixture(scope="module")
def replies(model: Model) -> list[Replies]:
    return [encode_preference(model, line.encode()) for line in preference_lines(STRETCH + 5)]


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(preference_lines(1)[0]) | fields).encode()


def test_only_the_replies_have_weight(model: Model) -> None:
    talk = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hello to you", "weight": 1},
        {"role": "user", "content": "is it so"},
    ]
    line = changed(
        input={"messages": talk},
        preferred_output=[{"role": "assistant", "content": "it is", "weight": 0}],
        non_preferred_output=[{"role": "assistant", "content": "no"}],
    )
    preferred, other = encode_preference(model, line)
    for encoded, said in ((preferred, "it is<|im_end|>"), (other, "no<|im_end|>")):
        assert model.detokenize(encoded.tokens[encoded.loss_weights > 0]) == said
    # What was said before is the same in both.
    n_before = int(np.flatnonzero(preferred.loss_weights)[0])
    assert np.array_equal(preferred.tokens[:n_before], other.tokens[:n_before])


def test_a_reply_may_call_a_tool(model: Model) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    line = changed(
        input={"messages": [{"role": "user", "content": "rain"}]},
        preferred_output=[{"role": "assistant", "content": None, "tool_calls": [call]}],
    )
    preferred, _ = encode_preference(model, line)
    said = model.detokenize(preferred.tokens[preferred.loss_weights > 0])
    assert '"name": "get_weather"' in said
    assert said.endswith("<|im_end|>")


def test_pairs_cut_before_a_reply_are_left_out(model: Model, tmp_path: Path) -> None:
    long = {"messages": [{"role": "user", "content": "far too long " * 300}]}
    path = tmp_path / "training.jsonl"
    path.write_bytes(b"\n".join([changed(input=long), *map(str.encode, preference_lines(3))]))
    encoded = encode_preference_file(model, path)
    assert (len(encoded.examples), encoded.skipped) == (3, 1)


def test_the_reference_is_worked_out_once(
    model: Model, replies: list[Replies], tmp_path: Path
) -> None:
    path = tmp_path / "reference"
    first = with_reference(model.trainer(LORA, seed=1), replies, path)
    content = path.read_bytes()
    for (preferred, other), pair in zip(replies, first, strict=True):
        scores = [
            model.score(each.tokens)[each.loss_weights > 0].sum() for each in (preferred, other)
        ]
        assert pair.reference == pytest.approx(float(scores[0] - scores[1]), rel=1e-4)
    # A trainer that has learned something since is not asked again.
    learned = model.trainer(LORA, seed=1)
    learned.step_preferences(first, 1e-2, 0.1)
    again = with_reference(learned, replies, path)
    assert [pair.reference for pair in again] == [pair.reference for pair in first]
    assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_reference_cut_short_is_completed(
    model: Model, replies: list[Replies], tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "reference"
    first = with_reference(model.trainer(LORA, seed=1), replies, path)
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    again = with_reference(model.trainer(LORA, seed=1), replies, path)
    assert [pair.reference for pair in again] == [pair.reference for pair in first]
    assert path.read_bytes() == content


@pytest.mark.parametrize("damage", [b"\xff", b"7", b"]"])
def test_a_damaged_reference_is_worked_out_again(
    model: Model, replies: list[Replies], tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "reference"
    with_reference(model.trainer(LORA, seed=1), replies, path)
    content = path.read_bytes()
    path.write_bytes(content[:20] + damage + content[21:])
    with_reference(model.trainer(LORA, seed=1), replies, path)
    assert path.read_bytes() == content


def test_the_reference_can_be_broken_off(
    model: Model, replies: list[Replies], tmp_path: Path
) -> None:
    path = tmp_path / "reference"
    asked = iter([False] * 2)
    trainer = model.trainer(LORA, seed=1, broken_off=lambda: next(asked, True))
    with pytest.raises(BrokenOffError):
        with_reference(trainer, replies, path)
    whole = with_reference(model.trainer(LORA, seed=1), replies, path)
    assert len(whole) == len(replies)


def test_learning_from_pairs(model: Model, replies: list[Replies], tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=1)
    pairs = with_reference(trainer, replies, tmp_path / "reference")
    lessons = PreferenceLessons(trainer, pairs[:10], pairs[10:], beta=0.1)
    assert (lessons.n_training, lessons.n_validation) == (10, len(replies) - 10)
    before = lessons.validate(range(lessons.n_validation))
    for _ in range(20):
        lessons.step(range(10), 1e-3)
    after = lessons.validate(range(lessons.n_validation))
    assert before.loss == pytest.approx(np.log(2), abs=1e-4)
    assert after.loss < 0.5
    assert after.accuracy == 1.0
    lengths = [len(example.tokens) for example in replies[2]]
    assert lessons.n_tokens([2]) == sum(lengths)


def test_the_margin_before_training_decides_who_has_gained(model: Model) -> None:
    preferred, other = encode_preference(model, preference_lines(1)[0].encode())
    trainer = model.trainer(LORA, seed=1)
    found = trainer.log_likelihoods([preferred, other])
    pair = PreferencePair(preferred, other, float(found[0] - found[1]) + 1)
    lost = trainer.validate_preferences([pair], 1.0)
    won = trainer.validate_preferences([replace(pair, reference=pair.reference - 2)], 1.0)
    assert (lost.accuracy, won.accuracy) == (0.0, 1.0)
    assert lost.loss - won.loss == pytest.approx(1.0, abs=1e-3)
