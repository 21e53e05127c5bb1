"""GGUF files that transformers reads the tensors of, against the models they were written from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from desktop_app.engine.backends.backend import LoraSettings, ModelFileError, Sampling
from desktop_app.engine.backends.choose import Backends
from desktop_app.engine.backends.torch_models import sizes
from desktop_app.engine.backends.torch_models.backend import TorchBackend
from desktop_app.engine.backends.torch_models.model import TorchModel
from tests.engine.backends.conformance.installed import BATCHES
from tests.engine.backends.torch_models.tiny_folders import KINDS as FOLDERS
from tests.engine.backends.torch_models.tiny_folders import sentence_pieces
from tests.engine.backends.torch_models.tiny_ggufs import network_of, write_gguf

pytest.importorskip("accelerate")  # transformers wants it for GGUF files
LORA = LoraSettings(4, 8.0)
TOKENS = np.random.default_rng(0).integers(3, 300, 60)
SHORT, LONG = [1.5, 1.0, 2.0, 1.25], [3.0, 2.0, 4.0, 5.0]


def _gemma3() -> Any:  # noqa: ANN401  # untyped
    """With one layer in six that sees everything, its rotary positions stretched."""
    config = FOLDERS["gemma3"]().to_dict() | {"num_hidden_layers": 6, "layer_types": None}
    config["rope_parameters"] = {
        "full_attention": {"rope_type": "linear", "rope_theta": 5e4, "factor": 8.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }
    return transformers.Gemma3TextConfig(**config)


def _long_phi3() -> Any:  # noqa: ANN401  # untyped
    config = FOLDERS["phi3"]().to_dict() | {"sliding_window": 9}
    config["rope_parameters"] = {
        "rope_type": "longrope",
        "rope_theta": 1e4,
        "short_factor": SHORT,
        "long_factor": LONG,
        "attention_factor": 1.25,
        "original_max_position_embeddings": 20,
    }
    config["original_max_position_embeddings"] = 20
    return transformers.Phi3Config(**config)


CONFIGS: dict[str, Callable[[], Any]] = {
    "gemma2": FOLDERS["gemma2"],
    "gemma3": _gemma3,
    "phi3": FOLDERS["phi3"],
    "phi3-long": _long_phi3,
    "llama": FOLDERS["llama"],  # as Mistral's: another kind of vocabulary only
}
SETTINGS: dict[str, dict[str, Any]] = {
    "gemma2": {"tokenizer.ggml.add_space_prefix": False},
    "gemma3": {
        "gemma3.rope.freq_base": 5e4,
        "gemma3.rope.scaling.type": "linear",
        "gemma3.rope.scaling.factor": 8.0,
    },
    "phi3-long": {
        "phi3.rope.scaling.original_context_length": 20,
        "phi3.rope.scaling.attn_factor": 1.25,
    },
}
TENSORS = {
    "phi3-long": {
        "rope_factors_long.weight": np.array(LONG, np.float32),
        "rope_factors_short.weight": np.array(SHORT, np.float32),
    }
}


@pytest.fixture(scope="module", params=CONFIGS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(kind: str) -> Any:  # noqa: ANN401  # untyped
    return network_of(CONFIGS[kind]())


@pytest.fixture(scope="module")
def path(kind: str, reference: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ANN401  # untyped
    path = tmp_path_factory.mktemp("models") / f"{kind}.gguf"
    architecture = kind.partition("-")[0]
    return write_gguf(path, reference, architecture, SETTINGS.get(kind), TENSORS.get(kind))


@pytest.fixture(scope="module")
def model(path: Path) -> TorchModel:
    loaded = TorchBackend("cpu", "float32").load(path)
    assert isinstance(loaded, TorchModel)
    return loaded


def test_logits_are_those_of_the_model_it_was_written_from(
    model: TorchModel,
    reference: Any,  # noqa: ANN401  # untyped
) -> None:
    tokens = torch.from_numpy(TOKENS)[None]
    with torch.no_grad():
        found, expected = model.network.module(tokens).logits, reference(tokens).logits
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-4)


def test_it_learns_and_its_adapter_fits_the_folder(
    model: TorchModel,
    reference: Any,  # noqa: ANN401  # untyped
    tmp_path: Path,
) -> None:
    trainer = model.trainer(LORA, seed=1)
    losses = [trainer.step(BATCHES[0], 1e-2).loss for _ in range(8)]
    assert losses[-1] < losses[0]
    trainer.export_adapter(tmp_path / "adapter")
    reference.save_pretrained(tmp_path / "folder")
    sentence_pieces().save(str(tmp_path / "folder" / "tokenizer.json"))
    folder = TorchBackend("cpu", "float32").load(tmp_path / "folder")
    assert isinstance(folder, TorchModel)
    assert [p.name for p in folder.network.lora.places] == [
        p.name for p in model.network.lora.places
    ]
    plain = folder.score(TOKENS)
    for each in (model, folder):
        each.use_adapter(tmp_path / "adapter")
    tuned = folder.score(TOKENS)
    np.testing.assert_allclose(model.score(TOKENS), tuned, atol=1e-3)
    assert np.abs(tuned - plain)[1:].max() > 1e-2
    model.use_adapter(None)


def test_it_answers(model: TorchModel) -> None:
    text = model.render([{"role": "user", "content": "the day"}], add_generation_prompt=True)
    assert text.endswith("<|im_start|>user\nthe day<|im_end|>\n<|im_start|>assistant\n")
    prompt = model.tokenize(text)
    pieces = list(model.generate(prompt, Sampling(temperature=0, max_tokens=9, top_logprobs=0)))
    assert sum(len(piece.scored) for piece in pieces)


@pytest.mark.parametrize("text", ["the system", "line\nbreaks\n\n", "naïve 東京 😀", "two  spaces"])
def test_texts_are_cut_into_the_pieces_of_the_vocabulary(
    model: TorchModel, kind: str, text: str
) -> None:
    tokens = model.tokenize(text)
    assert model.detokenize(tokens) == text
    if not kind.startswith("gemma"):  # which puts no space before a text
        expected = sentence_pieces().encode(text, add_special_tokens=False).ids
        assert tokens.tolist() == expected


def test_it_is_routed_here_and_its_memory_is_known(path: Path, model: TorchModel) -> None:
    backends = Backends("auto", "cpu", lambda: None)
    backends.check(path)
    assert backends.named(path)[0] == "torch"
    stored = sum(numbers.numel() for numbers in model.network.module.parameters())
    extra = 2 * len(SHORT) if path.stem == "phi3-long" else 0
    assert sizes.stored_numbers(path) == stored + extra
    assert backends.memory_needed(path, training=True) > backends.memory_needed(
        path, training=False
    )


@pytest.mark.parametrize("kind_of", ["gemma3", "phi3", "llama"])
def test_no_space_is_put_first_where_the_file_says_so(tmp_path: Path, kind_of: str) -> None:
    changes = {"tokenizer.ggml.add_space_prefix": False}
    network = network_of(FOLDERS[kind_of]())
    model = TorchBackend("cpu", "float32").load(
        write_gguf(tmp_path / "model.gguf", network, kind_of, changes)
    )
    tokens = model.tokenize("the day")
    assert not model.token_bytes(int(tokens[0])).startswith(b" ")
    assert model.detokenize(tokens) == "the day"
    assert model.detokenize(model.tokenize(" the day")) == " the day"


def test_what_lies_beside_a_file_is_not_read(tmp_path: Path) -> None:
    network = network_of(FOLDERS["phi3"]())
    path = write_gguf(tmp_path / "model.gguf", network, "phi3")
    expected = TorchBackend("cpu", "float32").load(path).score(TOKENS)
    for name in ("config", "tokenizer_config", "adapter_config", "generation_config"):
        (tmp_path / f"{name}.json").write_text("no JSON")
    np.testing.assert_array_equal(TorchBackend("cpu", "float32").load(path).score(TOKENS), expected)


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("phi3", {}, "output_norm.weight", "lacks the tensor model.norm.weight"),
    ("phi3", {"phi3.block_count": 1}, "", "'blk.1.*not known"),
    ("phi3", {"phi3.feed_forward_length": 47}, "", "cannot be read"),
    ("phi3", {"phi3.attention.head_count": 3}, "", "contradict"),
    ("phi3", {"phi3.rope.scaling.type": "yarn"}, "", "scaled"),
    ("phi3", {"tokenizer.ggml.bos_token_id": 9999}, "", "bos token makes no sense|tokenizer"),
    ("phi3", {"tokenizer.ggml.tokens": "none"}, "", "no vocabulary"),
    ("phi3", {"tokenizer.ggml.model": "rwkv"}, "", "'rwkv' is not supported"),
    ("gemma2", {"gemma2.attention.key_length": 6}, "", "another width"),
    ("gemma2", {"gemma2.final_logit_softcapping": -1.0}, "", "final_logit_softcapping"),
    ("gemma2", {"gemma2.rope.scaling.type": "linear"}, "", "scaled"),
]


@pytest.mark.parametrize(("kind_of", "changes", "without", "words"), REFUSED)
def test_files_that_would_compute_something_else_are_refused(
    tmp_path: Path, kind_of: str, changes: dict[str, Any], without: str, words: str
) -> None:
    network = network_of(FOLDERS[kind_of]())
    path = write_gguf(tmp_path / "model.gguf", network, kind_of, changes, without=without)
    with pytest.raises(ModelFileError, match=words):
        TorchBackend("cpu", "float32").load(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_files_cut_short_are_refused(path: Path, tmp_path: Path, share: float) -> None:
    content = path.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match=r"damaged|empty"):
        TorchBackend("cpu", "float32").load(cut)


def test_numbers_that_are_none_and_unknown_tensors_are_refused(tmp_path: Path) -> None:
    network = network_of(FOLDERS["phi3"]())
    odd = {"blk.0.ffn_gate_exps.weight": np.ones((2, 32), np.float32)}
    path = write_gguf(tmp_path / "odd.gguf", network, "phi3", more=odd)
    with pytest.raises(ModelFileError, match="not known"):
        TorchBackend("cpu", "float32").load(path)
    none = {"output_norm.weight": np.full(32, np.nan, np.float32)}
    path = write_gguf(tmp_path / "none.gguf", network, "phi3", more=none)
    with pytest.raises(ModelFileError, match="numbers that are none"):
        TorchBackend("cpu", "float32").load(path)


def test_kinds_that_are_not_read_are_refused_at_once(tmp_path: Path) -> None:
    network = network_of(FOLDERS["phi3"]())
    path = tmp_path / "model.gguf"
    write_gguf(path, network, "phi3")
    path.write_bytes(
        path.read_bytes().replace(b"\x04\0\0\0\0\0\0\0phi3", b"\x04\0\0\0\0\0\0\0odd3")
    )
    with pytest.raises(ModelFileError, match="of the kind 'odd3'"):
        Backends("torch", "cpu", lambda: None).check(path)
