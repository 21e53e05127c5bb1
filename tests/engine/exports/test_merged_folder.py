"""A merged folder: its weights by the formula, its settings as transformers reads them."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.model_files.rotary_scaling import Llama3Scaling
from desktop_app.engine.exports.floats import encode
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.merging import MergedModel
from desktop_app.engine.exports.model_config import model_config
from tests.engine.exports.conftest import ALPHA, RANK, Export
from tests.engine.tiny_model import (
    CHAT_TEMPLATE,
    HEADS,
    KEY_HEADS,
    MERGES,
    SPECIALS,
    WIDTH,
    Array,
    head_width,
    tiny_weights,
    vocabulary,
    write_model,
)

LAYERS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def in_own_order(stored: Array, heads: int) -> Array:
    """Row 2 i of a head is its row i, row 2 i + 1 its row i + h/2, said one by one."""
    width = len(stored) // heads
    rows = []
    for head in range(heads):
        first = [stored[head * width + 2 * n] for n in range(width // 2)]
        second = [stored[head * width + 2 * n + 1] for n in range(width // 2)]
        rows += first + second
    return np.stack(rows)


def test_the_weights_are_w_plus_scaled_b_a(export: Export, tiny_path: Path, adapter: Path) -> None:
    merged = load_file(export(ExportKind.MERGED) / "model.safetensors")
    lora = load_file(adapter / "adapter_model.safetensors")
    stored: dict[str, Array] = {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in gguf.GGUFReader(tiny_path).tensors
    }
    moved = 0
    for layer in range(2):
        for short, module in LAYERS.items():
            base = stored.pop(f"blk.{layer}.{short}.weight")
            heads = {"attn_q": HEADS, "attn_k": KEY_HEADS}.get(short)
            base = in_own_order(base, heads) if heads else base
            name = f"model.layers.{layer}.{module}"
            a = lora[f"base_model.model.{name}.lora_A.weight"].astype(np.float64)
            b = lora[f"base_model.model.{name}.lora_B.weight"].astype(np.float64)
            wanted = base + ALPHA / RANK * (b @ a)
            found = merged.pop(f"{name}.weight")
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
            moved += not np.allclose(found, base, atol=1e-4)
    assert moved == 14
    assert np.array_equal(merged.pop("model.embed_tokens.weight"), stored["token_embd.weight"])
    assert np.array_equal(merged.pop("model.norm.weight"), stored["output_norm.weight"])
    assert {name.split(".")[3] for name in merged} == {
        "input_layernorm",
        "post_attention_layernorm",
    }


def test_a_base_model_comes_out_as_it_is(export: Export, adapter: Path) -> None:
    base = load_file(export(ExportKind.MERGED, tuned=False) / "model.safetensors")
    assert len(base) == 2 * 9 + 2


@pytest.mark.parametrize("floats", [FloatType.FLOAT16, FloatType.BFLOAT16])
def test_shorter_numbers_are_the_nearest(
    export: Export, tiny_path: Path, adapter: Path, floats: FloatType
) -> None:
    path = export(ExportKind.MERGED, floats) / "model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert header["__metadata__"] == {"format": "pt"}
    with open_model(tiny_path) as file:
        model = MergedModel(file, adapter)
        for part in model.parts:
            entry = header[part.name]
            assert entry["shape"] == list(part.shape)
            first, end = (8 + length + place for place in entry["data_offsets"])
            raw = np.frombuffer(data[first:end], "<u2").reshape(part.shape)
            if floats is FloatType.FLOAT16:
                assert entry["dtype"] == "F16"
                assert np.array_equal(raw.view("<f2"), model.weights(part).astype("<f2"))
            else:
                assert entry["dtype"] == "BF16"
                read = (raw.astype(np.uint32) << 16).view(np.float32)
                wanted = model.weights(part)
                # Eight bits of mantissa: off by half of the last at most.
                assert (np.abs(read - wanted) <= np.abs(wanted) * 2.0**-8).all()


def test_ties_go_to_the_even_number() -> None:
    # 1 + 2^-8 lies between two neighbours of bfloat16; so does 1 + 3 * 2^-8.
    numbers = np.array([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20], np.float32)
    raw = np.frombuffer(encode(numbers, FloatType.BFLOAT16), "<u2").astype(np.uint32)
    read = (raw << 16).view(np.float32)
    assert read.tolist() == [1, 1, 1 + 2**-6, 1 + 2**-7]


def test_weights_too_large_for_16_bits_are_refused(export: Export, tmp_path: Path) -> None:
    weights = tiny_weights(0)
    weights["output_norm.weight"][3] = 1e5
    base = write_model(tmp_path / "large.gguf", weights, {})
    with pytest.raises(ModelFileError, match="too large for 16-bit"):
        export(ExportKind.MERGED, FloatType.FLOAT16, base=base)


def test_settings_and_tokenizer(export: Export) -> None:
    folder = export(ExportKind.MERGED, FloatType.FLOAT16)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    config = json.loads((folder / "config.json").read_bytes())
    assert (config["hidden_size"], config["vocab_size"]) == (WIDTH, len(vocabulary()))
    assert (config["num_attention_heads"], config["num_key_value_heads"]) == (HEADS, KEY_HEADS)
    assert (config["rms_norm_eps"], config["rope_theta"]) == (1e-5, 10000.0)
    assert (config["tie_word_embeddings"], config["torch_dtype"]) == (True, "float16")
    named = json.loads((folder / "tokenizer_config.json").read_bytes())
    assert named["chat_template"] == CHAT_TEMPLATE
    assert (named["bos_token"], named["eos_token"]) == (SPECIALS[1], SPECIALS[2])
    generation = json.loads((folder / "generation_config.json").read_bytes())
    assert generation["eos_token_id"] == [0, 2]
    tokenizer: Any = json.loads((folder / "tokenizer.json").read_bytes())
    words = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    assert words == vocabulary()
    assert tokenizer["model"]["merges"] == [merge.split(" ") for merge in MERGES]
    assert [token["content"] for token in tokenizer["added_tokens"]] == SPECIALS
    assert tokenizer["pre_tokenizer"]["pretokenizers"][0]["type"] == "Digits"


def test_a_model_that_begins_texts_with_a_token_goes_on_doing_so(
    export: Export, tmp_path: Path
) -> None:
    changes = {"tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.pre": "llama-bpe"}
    base = write_model(tmp_path / "bos.gguf", tiny_weights(0), changes)
    folder = export(ExportKind.MERGED, base=base)
    tokenizer: Any = json.loads((folder / "tokenizer.json").read_bytes())
    assert tokenizer["post_processor"]["special_tokens"][SPECIALS[1]]["ids"] == [1]
    assert tokenizer["model"]["ignore_merges"] is True


def test_an_output_layer_of_its_own_is_kept(export: Export, tmp_path: Path) -> None:
    weights = tiny_weights(0)
    weights["output.weight"] = tiny_weights(1)["token_embd.weight"]
    base = write_model(tmp_path / "untied.gguf", weights, {})
    folder = export(ExportKind.MERGED, base=base)
    assert json.loads((folder / "config.json").read_bytes())["tie_word_embeddings"] is False
    assert "lm_head.weight" in load_file(folder / "model.safetensors")


def test_rotary_factors_are_found_again(tmp_path: Path) -> None:
    weights = tiny_weights(0)
    factors = weights["rope_freqs.weight"] = Llama3Scaling(32.0).factors(
        10000.0, head_width("llama")
    )
    assert factors[0] == 1
    assert factors[-1] > 1
    with open_model(write_model(tmp_path / "far.gguf", weights, {})) as file:
        config = json.loads(model_config(MergedModel(file, None), FloatType.FLOAT32))
    found = config["rope_scaling"]["factor"]
    assert found == 32.0
    weights["rope_freqs.weight"] = np.linspace(2, 3, len(factors), dtype=np.float32)
    with (
        open_model(write_model(tmp_path / "odd.gguf", weights, {})) as file,
        pytest.raises(ModelFileError, match="rotary factors"),
    ):
        model_config(MergedModel(file, None), FloatType.FLOAT32)
