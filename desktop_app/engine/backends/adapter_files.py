"""Adapters on disk as PEFT reads and writes them: adapter_model.safetensors, adapter_config.json.

Source of the names: peft 0.21, `LoraConfig` and `get_peft_model_state_dict`.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.atomic_file import write_atomically
from desktop_app.engine.backends.backend import LoraSettings, ModelFileError

Pair = tuple[str, Array, Array]
"""The name of a linear layer (out, in), as transformers has it, with A (r, in) and B (out, r)."""

_TENSORS, _CONFIG = "adapter_model.safetensors", "adapter_config.json"
_PREFIX = "base_model.model."
_UNSUPPORTED = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save")
_MOST_RANK = 4096


def write_adapter_files(
    folder: Path, settings: LoraSettings, pairs: Sequence[Pair], base_model: str
) -> None:
    """Write both files, making the folder; the settings last, so that they vouch for the rest."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Array] = {}
    for module, a, b in pairs:
        tensors[f"{_PREFIX}{module}.lora_A.weight"] = a
        tensors[f"{_PREFIX}{module}.lora_B.weight"] = b
    write_atomically(folder / _TENSORS, to_safetensors(tensors, {"format": "pt"}))
    config = {
        "base_model_name_or_path": base_model,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "lora_alpha": settings.alpha,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": settings.rank,
        "target_modules": sorted({module.rsplit(".", 1)[1] for module, _, _ in pairs}),
        "task_type": "CAUSAL_LM",
    }
    write_atomically(folder / _CONFIG, json.dumps(config, indent=2).encode())


def read_adapter_settings(folder: Path) -> LoraSettings:
    """Read rank and alpha. Raises ModelFileError for anything but a plain LoRA adapter."""
    path = folder / _CONFIG
    try:
        config: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFileError(f"The adapter's {path.name} cannot be read.") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise ModelFileError(f"The adapter's {path.name} describes no LoRA adapter.")
    if config.get("bias", "none") != "none" or any(config.get(key) for key in _UNSUPPORTED):
        raise ModelFileError("This adapter uses options that this engine does not support.")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or not 1 <= rank <= _MOST_RANK:
        raise ModelFileError("The adapter's rank makes no sense.")
    if not isinstance(alpha, int | float) or not 0 < alpha < 1e6:
        raise ModelFileError("The adapter's alpha makes no sense.")
    return LoraSettings(rank, float(alpha))


def read_adapter_into(folder: Path, pairs: Iterable[Pair]) -> None:
    """Fill the matrices of a model's layers; those that the adapter leaves out stay as they are.

    Raises ModelFileError where it is damaged or does not fit.
    """
    tensors = _read_tensors(folder / _TENSORS)
    for module, a, b in pairs:
        for name, place in (("lora_A", a), ("lora_B", b)):
            stored = tensors.pop(f"{_PREFIX}{module}.{name}.weight", None)
            if stored is not None:
                if stored.shape != place.shape:
                    raise ModelFileError("This adapter belongs to a model of another shape.")
                place[:] = stored
    if tensors:
        raise ModelFileError("This adapter has parts that the model does not.")


def _read_tensors(path: Path) -> dict[str, Array]:
    try:
        with safe_open(path, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise ModelFileError(f"The adapter's {path.name} is missing or damaged.") from error
