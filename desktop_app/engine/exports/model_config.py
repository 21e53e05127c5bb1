"""config.json and generation_config.json of a merged folder, for a base model in a GGUF file.

Source of the names: transformers 5.23, `LlamaConfig`, `Qwen2Config`, `Qwen3Config`, which read
the older forms used here as all versions since 4.43 do.
"""

import json
from dataclasses import asdict

import numpy as np

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.rotary_scaling import ROTARY_FACTORS, Llama3Scaling
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.exports.kinds import FloatType
from desktop_app.engine.exports.merging import MergedModel
from desktop_app.engine.exports.tokenizer_files import token_number

_CLASSES = {"llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3", "smollm3": "SmolLM3"}


def model_config(model: MergedModel, floats: FloatType) -> str:
    """Return config.json. Raises ModelFileError where transformers could not be told."""
    shape, settings = model.shape, model.file.settings
    config = {
        "architectures": [f"{_CLASSES[shape.kind]}ForCausalLM"],
        "model_type": shape.kind,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": token_number(settings, "bos"),
        "eos_token_id": token_number(settings, "eos"),
        "head_dim": shape.head_width,
        "hidden_act": "silu",
        "hidden_size": shape.width,
        "initializer_range": 0.02,
        "intermediate_size": shape.inner,
        "max_position_embeddings": shape.context,
        "mlp_bias": False,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.key_heads,
        "pad_token_id": token_number(settings, "padding"),
        "rms_norm_eps": _shortest(shape.norm_epsilon),
        "rope_scaling": _rotary_scaling(model),
        "rope_theta": _shortest(shape.rotary_base),
        "tie_word_embeddings": "output.weight" not in model.file.tensors,
        "torch_dtype": str(floats),
        "use_cache": True,
        "vocab_size": shape.vocabulary,
    }
    return json.dumps(config, indent=2)


def generation_config(model: MergedModel) -> str:
    """Return generation_config.json: a reply ends where it does in this program."""
    settings = model.file.settings
    config = {
        "bos_token_id": token_number(settings, "bos"),
        "eos_token_id": sorted(BytePairTokenizer(settings).endings) or None,
        "pad_token_id": token_number(settings, "padding"),
    }
    return json.dumps(config, indent=2)


def _shortest(number: float) -> float:
    """Return the shortest number that is the same as float32: 1e-05, not 9.999999747378752e-06."""
    return float(str(np.float32(number)))


def _rotary_scaling(model: MergedModel) -> dict[str, object] | None:
    """Find the settings that gave the factors by which rotary frequencies are divided."""
    if ROTARY_FACTORS not in model.file.tensors:
        return None
    shape = model.shape
    factors = model.file.tensor(ROTARY_FACTORS, (shape.head_width // 2,))
    # What all models of Llama 3.1 to 3.3 have; their files keep the resulting factors only.
    scaling = Llama3Scaling(round(float(factors.max()), 3))
    made = scaling.factors(shape.rotary_base, shape.head_width)
    if not np.allclose(made, factors, rtol=1e-3):
        raise ModelFileError("This model's rotary factors are of a kind that is not known.")
    return {"rope_type": "llama3", **asdict(scaling)}
