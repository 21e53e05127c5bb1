"""Models of many kinds, from folders, against transformers itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from desktop_app.engine.backends.backend import LoraSettings, Sampling
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.thread_settings import TEAM
from desktop_app.engine.backends.torch_models import packed_attention
from desktop_app.engine.backends.torch_models.backend import Precision, TorchBackend
from desktop_app.engine.backends.torch_models.model import TorchModel
from tests.engine.backends.conformance.installed import BATCHES
from tests.engine.backends.torch_models.tiny_folders import (
    KINDS,
    VOCABULARY,
    byte_level,
    write_folder,
)

LORA = LoraSettings(4, 8.0)
LENGTH = 30
ONE_BY_ONE = {"gpt_oss"}
"""Their attention has sinks, of which the one for packs knows nothing."""
WHOLE_LOGITS = {"granite"}
"""What stands behind their head is not known."""


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("models") / kind, kind)


@pytest.fixture(scope="module")
def model(folder: Path) -> TorchModel:
    loaded = TorchBackend("cpu", "float32").load(folder)
    assert isinstance(loaded, TorchModel)
    return loaded


@pytest.fixture(scope="module")
def reference(folder: Path) -> Any:  # noqa: ANN401  # untyped
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def expected_scores(reference: Any, tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:  # noqa: ANN401  # untyped
    with torch.no_grad():
        logits = reference(torch.from_numpy(tokens)[None]).logits[0, :-1].float()
    found = logits.log_softmax(-1).gather(1, torch.from_numpy(tokens[1:, None]))[:, 0]
    array: np.ndarray[Any, Any] = found.numpy()
    return array


def test_scores_are_those_of_transformers(model: TorchModel, reference: Any) -> None:  # noqa: ANN401  # untyped
    tokens = np.random.default_rng(0).integers(3, 300, 2 * LENGTH)
    np.testing.assert_allclose(
        model.score(tokens)[1:], expected_scores(reference, tokens), atol=1e-4
    )


def test_what_may_be_packed_is(model: TorchModel, kind: str) -> None:
    assert model.network.abilities.packs == (kind not in ONE_BY_ONE)
    assert model.network.abilities.head_apart == (kind not in WHOLE_LOGITS)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_pack_in_which_one_sequence_sees_another_is_found_out(
    folder: Path, kind: str, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = packed_attention.layout

    def together(pack: Pack, device: torch.device) -> packed_attention.Layout:
        return usual(replace(pack, sequences=[slice(0, len(pack.tokens))]), device)

    loaded = TorchBackend("cpu", precision).load(folder)
    assert isinstance(loaded, TorchModel)
    monkeypatch.setattr(packed_attention, "layout", together)
    assert not loaded.network.abilities.packs
    monkeypatch.undo()
    loaded.network.__dict__.pop("abilities")
    assert loaded.network.abilities.packs == (kind not in ONE_BY_ONE)


def test_a_pack_gives_what_its_sequences_give(model: TorchModel, reference: Any) -> None:  # noqa: ANN401  # untyped
    trainer = model.trainer(LORA, seed=1)
    found = trainer.log_likelihoods(BATCHES[0])
    for each, likelihood in zip(BATCHES[0], found, strict=True):
        scores = expected_scores(reference, each.tokens)
        assert likelihood == pytest.approx((each.loss_weights[1:] @ scores).item(), abs=1e-3)


def test_the_gradients_of_a_pack_are_those_of_its_sequences(
    model: TorchModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = model.trainer(LORA, seed=1)
    trainer.step(BATCHES[0], 1e-2)
    packed, saving, apart = (model.trainer(LORA, seed=1) for _ in range(3))
    monkeypatch.setenv(TEAM, "3")
    shared = model.trainer(LORA, seed=1)
    for each in (packed, saving, apart, shared):
        each.adapters.flat.copy_(trainer.adapters.flat)
    saving.save_memory()
    apart.pack_tokens = 1
    found = [
        (each.measure_gradients(BATCHES[1]), each.gradients)
        for each in (packed, saving, apart, shared)
    ]
    size = float(found[0][1].norm())
    assert size > 0
    for measured, gradients in found[1:]:
        assert measured.loss == pytest.approx(found[0][0].loss, rel=1e-5)
        assert float((gradients - found[0][1]).norm()) < 1e-3 * size


def test_it_learns_and_answers_with_what_it_learned(model: TorchModel, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=1)
    losses = [trainer.step(BATCHES[0], 2e-2).loss for _ in range(40)]
    assert losses[-1] < losses[0] * 0.8
    trainer.export_adapter(tmp_path / "adapter")
    model.use_adapter(tmp_path / "adapter")
    chosen = BATCHES[0][2]
    scores = model.score(chosen.tokens)[chosen.loss_weights > 0]
    assert -float(scores.mean()) == pytest.approx(trainer.validate([chosen]).loss, rel=1e-4)
    model.use_adapter(None)


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing:FutureWarning")  # PEFT's business
def test_peft_reads_the_adapter(model: TorchModel, reference: Any, tmp_path: Path) -> None:  # noqa: ANN401  # untyped
    peft = pytest.importorskip("peft")
    trainer = model.trainer(LORA, seed=1)
    for _ in range(5):
        trainer.step(BATCHES[0], 2e-2)
    trainer.export_adapter(tmp_path / "adapter")
    tokens = BATCHES[0][2].tokens
    model.use_adapter(tmp_path / "adapter")
    found = model.score(tokens)[1:]
    model.use_adapter(None)
    tuned = peft.PeftModel.from_pretrained(reference, tmp_path / "adapter")
    try:
        np.testing.assert_allclose(found, expected_scores(tuned, tokens), atol=1e-3)
    finally:
        tuned.unload()


def test_it_goes_on_as_transformers_does(model: TorchModel, reference: Any) -> None:  # noqa: ANN401  # untyped
    prompt = np.random.default_rng(3).integers(3, 300, 9)
    nameless = list(range(len(byte_level().get_vocab()), VOCABULARY))
    made = reference.generate(
        torch.from_numpy(prompt)[None],
        max_new_tokens=LENGTH,
        do_sample=False,
        eos_token_id=2,
        suppress_tokens=nameless or None,
    )[0, len(prompt) :].tolist()
    expected = made[: made.index(2)] if 2 in made else made
    pieces = model.generate(prompt, Sampling(temperature=0, max_tokens=LENGTH, top_logprobs=0))
    found = b"".join(each.content for piece in pieces for each in piece.scored)
    assert found == b"".join(model.token_bytes(token) for token in expected)
    several = model.generate(prompt, Sampling(temperature=0, max_tokens=LENGTH, choices=3))
    texts = ["", "", ""]
    for piece in several:
        texts[piece.choice] += piece.text
    assert texts[0] == texts[1] == texts[2]
