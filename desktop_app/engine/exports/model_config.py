"""config.json and generation_config.json of a merged folder.

Source of the names: transformers 5.23, `LlamaConfig`, which reads the older forms used here as all
versions since 4.43 do; the rotary factors as in its `modeling_rope_utils.py`.
"""

import json
import math

import numpy as np

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.numpy_llama.shape import ModelShape
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.exports.kinds import FloatType
from desktop_app.engine.exports.merging import ROTARY_FACTORS, MergedModel
from desktop_app.engine.exports.tokenizer_files import token_number

LOW, HIGH, ORIGINAL_CONTEXT = 1.0, 4.0, 8192
"""What all models of Llama 3.1 to 3.3 have; their files keep the resulting factors only."""


def model_config(model: MergedModel, floats: FloatType) -> str:
    """Return config.json. Raises ModelFileError where transformers could not be told."""
    shape, settings = model.shape, model.file.settings
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
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
    factor = round(float(factors.max()), 3)
    if not np.allclose(llama3_factors(shape, factor), factors, rtol=1e-3):
        raise ModelFileError("This model's rotary factors are of a kind that is not known.")
    return {
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": LOW,
        "high_freq_factor": HIGH,
        "original_max_position_embeddings": ORIGINAL_CONTEXT,
    }


def llama3_factors(shape: ModelShape, factor: float) -> Floats:
    """Return by what each frequency is divided: long waves by `factor`, short ones by 1."""
    exponents = np.arange(0, shape.head_width, 2) / shape.head_width
    waves = 2 * math.pi * shape.rotary_base**exponents
    smooth = np.clip((ORIGINAL_CONTEXT / waves - LOW) / (HIGH - LOW), 0, 1)
    return np.asarray(1 / ((1 - smooth) / factor + smooth), np.float32)
