"""GGUF files of Gemma 2, Gemma 3 and Phi-3, read by transformers.

Its own reading of a file's settings leaves some out (5.23, integrations/ggml.py: caps, scaled
rotary positions, windows), so the settings are read here and only the tensors there. What it
would leave out or fill in of the tensors is refused.

Sources: llama.cpp, src/llama-model.cpp (`load_hparams`) and convert_hf_to_gguf.py; transformers,
`configuration_gemma2.py`, `configuration_gemma3.py`, `configuration_phi3.py`.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    Phi3Config,
    PreTrainedConfig,
)
from transformers.modeling_gguf_pytorch_utils import TensorProcessor, get_gguf_hf_weights_map

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import ModelFile
from desktop_app.engine.backends.torch_models.gguf_network import Measures

_LONG, _SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
_LARGEST = {"gemma2": 46, "gemma3": 62}
"""Layers of the models of 27 billion weights, whose queries are scaled in another way."""
_SWA_BASE = 10000.0
_WHAT_READING_RAISES = (
    *(OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError),
    *(ArithmeticError, struct.error),
)
"""Of a file whose parts contradict each other; transformers checks little itself."""


def load_gguf(path: Path, file: ModelFile, dtype: torch.dtype) -> Any:  # noqa: ANN401  # untyped
    """Build the model and fill it. Raises ModelFileError."""
    damaged = f"The model in {path.name} cannot be read."
    try:
        config = _config(file)
        # An empty folder, so that nothing that lies beside the file is read.
        with TemporaryDirectory() as nothing:
            module, found = AutoModelForCausalLM.from_pretrained(
                nothing,
                config=config,
                gguf_file=str(path.absolute()),
                dtype=dtype,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except ModelFileError:
        raise
    except ImportError as error:
        raise ModelFileError("To read this model the package accelerate is needed.") from error
    except _WHAT_READING_RAISES as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        raise ModelFileError(damaged) from error
    _refuse_gaps(file, module, found["missing_keys"])
    return module


def _refuse_gaps(file: ModelFile, module: Any, missing: set[str]) -> None:  # noqa: ANN401  # untyped
    """Refuse what the file lacks, what it has too much, and what are no numbers."""
    if missing:
        raise ModelFileError(f"The model file lacks the tensor {min(missing)}.")
    known = {*get_gguf_hf_weights_map(module, TensorProcessor()), _LONG, _SHORT}
    for name in file.tensors:
        if name not in known:
            raise ModelFileError(f"This model has the tensor {name[:64]!r}, which is not known.")
    for name, numbers in module.named_parameters():
        if not numbers.isfinite().all():
            raise ModelFileError(f"The model file is damaged: {name} holds numbers that are none.")


def _config(file: ModelFile) -> PreTrainedConfig:
    kind = str(file.settings.get("general.architecture"))
    measures = Measures(file.settings, kind)
    embedding = file.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelFileError("The model file lacks the tensor token_embd.weight.")
    heads = measures.size("attention.head_count")
    common: dict[str, Any] = {
        "vocab_size": embedding.shape[0],
        "hidden_size": measures.size("embedding_length"),
        "intermediate_size": measures.size("feed_forward_length"),
        "num_hidden_layers": measures.size("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": measures.size("attention.head_count_kv", heads),
        "max_position_embeddings": measures.size("context_length"),
        "rms_norm_eps": measures.number("attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": "output.weight" not in file.tensors,
        # Padding is not used, and those of other sizes of a model need not be in this vocabulary.
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id")),
    }
    if common["hidden_size"] % heads or heads % common["num_key_value_heads"]:
        raise ModelFileError("The model file is damaged: its measures contradict each other.")
    return _KINDS[kind](measures, file, common)


def _gemma(measures: Measures, common: dict[str, Any]) -> dict[str, Any]:
    """Return what both kinds of Gemma have."""
    width = measures.size("attention.key_length", 256)
    if measures.size("attention.value_length", width) != width:
        raise ModelFileError("Models with values of another width than keys are not supported.")
    is_largest = common["num_hidden_layers"] == _LARGEST[measures.kind]
    per_head = common["hidden_size"] // common["num_attention_heads"]
    return {
        "head_dim": width,
        "query_pre_attn_scalar": per_head if is_largest else width,
        "sliding_window": measures.size("attention.sliding_window", 4096),
    }


def _gemma2(measures: Measures, _file: ModelFile, common: dict[str, Any]) -> PreTrainedConfig:
    _refuse_scaling(measures, {"none"})
    return Gemma2Config(
        **common,
        **_gemma(measures, common),
        rope_parameters=_default_rope(measures.number("rope.freq_base", 10000.0)),
        attn_logit_softcapping=measures.number("attn_logit_softcapping", 50.0),
        final_logit_softcapping=measures.number("final_logit_softcapping", 30.0),
    )


def _gemma3(measures: Measures, _file: ModelFile, common: dict[str, Any]) -> PreTrainedConfig:
    """Every layer but each sixth sees a window only, with rotary positions of its own."""
    _refuse_scaling(measures, {"none", "linear"})
    everywhere = _default_rope(measures.number("rope.freq_base", 1e6))
    if measures.settings.get("gemma3.rope.scaling.type") == "linear":
        factor = measures.number("rope.scaling.factor")
        everywhere |= {"rope_type": "linear", "factor": factor}
    within = _default_rope(measures.number("rope.freq_base_swa", _SWA_BASE))
    caps = {
        name: measures.number(name)
        for name in ("attn_logit_softcapping", "final_logit_softcapping")
        if f"gemma3.{name}" in measures.settings
    }
    return Gemma3TextConfig(
        **common,
        **_gemma(measures, common),
        **caps,
        sliding_window_pattern=measures.size("attention.sliding_window_pattern", 6),
        rope_parameters={"full_attention": everywhere, "sliding_attention": within},
    )


def _phi3(measures: Measures, file: ModelFile, common: dict[str, Any]) -> PreTrainedConfig:
    # The factors below are told of by their tensors alone.
    _refuse_scaling(measures, {"none", "longrope"})
    per_head = common["hidden_size"] // common["num_attention_heads"]
    rotated = measures.size("rope.dimension_count", per_head)
    window = measures.settings.get("phi3.attention.sliding_window", 0)
    trained = measures.size("rope.scaling.original_context_length", 4096)
    rope = _default_rope(measures.number("rope.freq_base", 10000.0))
    rope["partial_rotary_factor"] = rotated / per_head
    if {_LONG, _SHORT} & file.tensors.keys():
        rope |= {
            "rope_type": "longrope",
            "long_factor": file.tensor(_LONG, (rotated // 2,)).tolist(),
            "short_factor": file.tensor(_SHORT, (rotated // 2,)).tolist(),
            "attention_factor": measures.number("rope.scaling.attn_factor", 1.0),
            "original_max_position_embeddings": trained,
        }
    return Phi3Config(
        **common,
        rope_parameters=rope,
        original_max_position_embeddings=trained,
        sliding_window=window or None,
    )


def _default_rope(base: float) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": base}


def _refuse_scaling(measures: Measures, known: set[str]) -> None:
    """Refuse rotary positions that would be computed in another way than was meant."""
    if measures.settings.get(f"{measures.kind}.rope.scaling.type", "none") not in known:
        raise ModelFileError("Rotary positions scaled as in this model are not supported.")


_KINDS: dict[str, Callable[[Measures, ModelFile, dict[str, Any]], PreTrainedConfig]] = {
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "phi3": _phi3,
}
