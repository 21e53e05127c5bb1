"""Folders as transformers writes them: what is read of them, and what is refused and how."""

import json
from pathlib import Path

import numpy as np
import pytest

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_tokenizer import ENDINGS
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.tokenizer import TextStream
from tests.engine.tiny_folder import (
    folder_weights,
    write_json,
    write_tensors,
    write_tiny_folder,
    write_tokenizer,
)
from tests.engine.tiny_model import (
    CHAT_TEMPLATE,
    LAYERS,
    SPECIALS,
    WIDTH,
    Array,
    tiny_weights,
    vocabulary,
    write_model,
)

TOKENS = np.arange(3, 120)


def scores(path: Path) -> Array:
    return NumpyLlamaModel(path).score(TOKENS)[1:]


def change(path: Path, **changes: object) -> None:
    """Change some of a JSON file; what is None is left out."""
    write_json(path, json.loads(path.read_bytes()) | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_folder(tmp_path / "Tiny-0.1B")


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_a_folder_answers_as_the_same_model_in_a_file(tmp_path: Path, kind: str) -> None:
    weights = tiny_weights(3, kind)
    file = write_model(tmp_path / "tiny.gguf", weights, {}, kind=kind, exact=True)
    whole = write_tiny_folder(tmp_path / "whole", kind=kind, seed=3)
    sharded = write_tiny_folder(tmp_path / "sharded", kind=kind, seed=3, files=3)
    np.testing.assert_allclose(scores(whole), scores(file), rtol=0, atol=1e-5)
    np.testing.assert_allclose(scores(sharded), scores(file), rtol=0, atol=1e-5)
    model, other = NumpyLlamaModel(whole), NumpyLlamaModel(file)
    messages = [{"role": "user", "content": "the 12 sing"}]
    prompt = model.render(messages, add_generation_prompt=True)
    assert prompt == other.render(messages, add_generation_prompt=True)
    assert model.tokenize(prompt).tolist() == other.tokenize(prompt).tolist()


@pytest.mark.parametrize(("numbers", "bits"), [("F16", 11), ("BF16", 8)])
def test_shorter_numbers_are_read(tmp_path: Path, numbers: str, bits: int) -> None:
    folder = write_tiny_folder(tmp_path / "short", numbers=numbers)
    name = "model.layers.1.mlp.up_proj.weight"
    exact = folder_weights(0, "llama")[name]
    with open_model(folder) as file:
        found = file.tensor("blk.1.ffn_up.weight", exact.shape)
    assert found.dtype == np.float32
    assert (np.abs(found - exact) <= np.abs(exact) * 2.0 ** (1 - bits)).all()
    assert not np.array_equal(found, exact)


def test_what_a_folder_says_of_itself(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\nlicense: mit\n")
    model = NumpyLlamaModel(folder)
    assert (model.name, model.context_tokens) == ("Tiny-0.1B", 512)
    with open_model(folder) as file:
        assert not file.rows_in_pairs
        assert file.settings["general.name"] == "Tiny-0.1B"
        assert file.settings["general.license"] == "apache-2.0"
        assert file.settings["llama.block_count"] == LAYERS
        assert file.settings["tokenizer.ggml.tokens"] == vocabulary()
        assert file.settings["tokenizer.ggml.bos_token_id"] == 1
        assert file.settings["tokenizer.ggml.eos_token_id"] == 2
        assert file.settings[ENDINGS] == [0, 2]
        assert file.settings["tokenizer.chat_template"] == CHAT_TEMPLATE
        assert set(file.settings) == {key for key, _ in file.settings.items()}
        assert len(file.settings) == len([*file.settings])
        assert sum(tensor.elements for tensor in file.tensors.values()) > 300 * WIDTH


def test_measures_are_known_without_the_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")
    assert NumpyLlamaBackend().memory_needed(folder, training=True) > 120 << 20
    with pytest.raises(ModelFileError, match=r"tokenizer\.json is damaged"):
        NumpyLlamaModel(folder)


def test_newer_and_older_ways_of_writing_are_read(folder: Path) -> None:
    wanted = scores(folder)
    older = {"rope_parameters": None, "rope_theta": 10000.0, "rope_scaling": None, "head_dim": None}
    change(folder / "config.json", **older)
    assert np.array_equal(scores(folder), wanted)
    merges = json.loads((folder / "tokenizer.json").read_bytes())["model"]["merges"]
    tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
    tokenizer["model"]["merges"] = [" ".join(pair) for pair in merges]
    write_json(folder / "tokenizer.json", tokenizer)
    named = {"eos_token": {"content": SPECIALS[0]}, "chat_template": None}
    change(folder / "tokenizer_config.json", **named)
    (folder / "chat_template.jinja").write_text("{{ eos_token }}")
    model = NumpyLlamaModel(folder)
    assert model.render([], add_generation_prompt=False) == SPECIALS[0]
    templates = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]
    (folder / "chat_template.jinja").unlink()
    change(folder / "tokenizer_config.json", chat_template=templates)
    assert NumpyLlamaModel(folder).render([], add_generation_prompt=False) == "d"


def test_rotary_positions_are_scaled_as_llama_3_1_has_it(tmp_path: Path) -> None:
    plain = write_tiny_folder(tmp_path / "plain")
    scaling = {
        "rope_type": "llama3",
        "rope_theta": 10000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    scaled = write_tiny_folder(tmp_path / "scaled", config={"rope_parameters": scaling})
    assert not np.allclose(scores(scaled), scores(plain))
    with open_model(scaled) as file:
        factors = file.tensor("rope_freqs.weight", (8,))
    assert factors[0] == 1
    assert factors[-1] == 8
    change(scaled / "config.json", rope_parameters=scaling | {"high_freq_factor": 1.0})
    with pytest.raises(ModelFileError, match="rotary factors"):
        open_model(scaled)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"model_type": "gemma3"}, "of the kind 'gemma3'.*PyTorch"),
        ({"model_type": "qwen3_moe"}, "of the kind 'qwen3_moe'.*PyTorch"),
        ({"num_local_experts": 8}, "several experts.*PyTorch"),
        ({"sliding_window": 64}, "look back only some way.*PyTorch"),
        ({"rope_scaling": {"type": "yarn"}, "rope_parameters": None}, "scaled.*PyTorch"),
        ({"partial_rotary_factor": 0.5}, "only a part of each head.*PyTorch"),
        ({"hidden_act": "gelu"}, "activation.*PyTorch"),
        ({"quantization_config": {"bits": 4}}, "Quantized weights.*PyTorch"),
        ({"model_type": None}, "what kind of model"),
        ({"num_hidden_layers": -1}, "num_hidden_layers makes no sense"),
        ({"num_hidden_layers": "2"}, "num_hidden_layers makes no sense"),
        ({"num_hidden_layers": 3}, "lacks the tensor blk.2"),
        ({"rms_norm_eps": 0}, "rms_norm_eps makes no sense"),
        ({"rope_parameters": [1]}, "rotary settings"),
        ({"hidden_size": 32}, "must be"),
    ],
    ids=str,
)
def test_what_cannot_be_run_is_refused(
    folder: Path, changes: dict[str, object], refusal: str
) -> None:
    change(folder / "config.json", **changes)
    with pytest.raises(ModelFileError, match=refusal):
        NumpyLlamaModel(folder)


def test_a_sliding_window_that_is_not_used_or_long_enough_is_none(tmp_path: Path) -> None:
    for kind, changes in (
        ("qwen2", {"sliding_window": 64, "use_sliding_window": False}),
        ("mistral", {"sliding_window": 512}),
    ):
        NumpyLlamaModel(write_tiny_folder(tmp_path / kind, kind=kind, config=changes))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"pre_tokenizer": {"type": "Whitespace"}}, "Word splitting.*PyTorch"),
        ({"normalizer": {"type": "NFKC"}}, "Word splitting.*PyTorch"),
        ({"model": {"type": "Unigram", "vocab": []}}, "tokenizer 'Unigram.*PyTorch"),
        (
            {"model": {"type": "BPE", "byte_fallback": True, "vocab": {"a": 0}}},
            "tokenizer 'BPE of another kind.*PyTorch",
        ),
        ({"added_tokens": [{"id": 0, "content": "x", "lstrip": True}]}, "PyTorch"),
        (
            {"added_tokens": [{"id": 0, "content": "<a>"}, {"id": 1, "content": "<a>b"}]},
            "begin alike.*PyTorch",
        ),
        ({"model": {"type": "BPE", "vocab": {"a": 1 << 40}}}, "no numbers"),
        ({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}}}, "one number"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}, "merges are none"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", 7, "c"]]}}, "merges"),
        ({"added_tokens": [{"id": -1, "content": "x"}]}, "added tokens"),
        ({"added_tokens": ["x"]}, "added tokens"),
        ({"model": None}, "no vocabulary"),
    ],
    ids=str,
)
def test_tokenizers_that_cannot_be_used_are_refused(
    folder: Path, changes: dict[str, object], refusal: str
) -> None:
    change(folder / "tokenizer.json", **changes)
    with pytest.raises(ModelFileError, match=refusal):
        NumpyLlamaModel(folder)


def test_a_vocabulary_of_another_kind_of_file_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.model").write_bytes(b"\n")
    with pytest.raises(ModelFileError, match=r"another file than tokenizer\.json"):
        NumpyLlamaModel(folder)
    assert "PyTorch" in str(NumpyLlamaBackend().refusal(folder))


def test_whether_a_model_can_be_run_is_told(folder: Path, tmp_path: Path) -> None:
    assert NumpyLlamaBackend().refusal(folder) is None
    change(folder / "config.json", model_type="phi3")
    assert "'phi3'" in str(NumpyLlamaBackend().refusal(folder))
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelFileError, match="empty"):
        NumpyLlamaBackend().refusal(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.ckpt", "x.pth"])
def test_what_could_hold_programs_is_never_read(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(ModelFileError, match=r"can hold programs.*never read.*safetensors"):
        NumpyLlamaModel(folder)


def test_a_folder_without_a_model_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"holds no model\.safetensors"):
        open_model(folder)
    (folder / "model.gguf").touch()
    with pytest.raises(ModelFileError, match=r"Choose the \.gguf file"):
        open_model(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFileError, match=r"holds no config\.json"):
        open_model(tmp_path / "empty")


def test_a_larger_table_than_the_vocabulary_is_filled_up(folder: Path) -> None:
    weights = folder_weights(0, "llama")
    table = weights["model.embed_tokens.weight"]
    weights["model.embed_tokens.weight"] = np.concatenate([table, table[:20]])
    write_tensors(folder / "model.safetensors", weights)
    change(folder / "config.json", vocab_size=len(vocabulary()) + 20)
    with open_model(folder) as file:
        words = file.settings["tokenizer.ggml.tokens"]
    assert isinstance(words, list)
    assert (len(words), words[-1]) == (len(vocabulary()) + 20, f"[PAD{len(vocabulary()) + 19}]")
    assert NumpyLlamaModel(folder).detokenize(np.array([len(vocabulary()) + 5])) == ""


def test_tags_of_tool_calls_stay_in_replies(folder: Path) -> None:
    """Tokens of their own that are words: added to the vocabulary, and yet not special."""
    write_tokenizer(folder, "smollm")
    tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
    tokenizer["added_tokens"][0] |= {"content": "<tool_call>", "special": False}
    write_json(folder / "tokenizer.json", tokenizer)
    with open_model(folder) as file:
        read = BytePairTokenizer(file.settings)
    assert read.encode("<tool_call>").tolist() == [0]
    assert read.special == {1, 2}
    assert TextStream(read).add(0) == "<tool_call>"
