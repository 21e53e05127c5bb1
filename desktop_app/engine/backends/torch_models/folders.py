"""Models in folders as transformers writes them: config.json, *.safetensors, tokenizer.json.

Nothing in a folder is run: no pickle is read, no code of a model's makers loaded.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.backends.torch_models.hf_tokenizer import HfTokenizer
from desktop_app.engine.backends.torch_models.sizes import weight_files

_MOST_BYTES = 1 << 26
"""Of a file of settings: large vocabularies have tokenizers of some 35 MB."""


@dataclass(frozen=True)
class FolderText:
    """What a folder says of its model's text."""

    tokenizer: HfTokenizer
    template: str


@dataclass(frozen=True)
class _Settings:
    """The small files of a folder, as far as they are there."""

    config: dict[str, Any]
    generation: dict[str, Any]
    tokenizer: dict[str, Any]
    special: dict[str, Any] = field(default_factory=dict)


def read_folder_network(path: Path, dtype: torch.dtype, quantization: object | None = None) -> Any:  # noqa: ANN401  # untyped
    """Read the weights of a folder. Raises ModelFileError."""
    weight_files(path)
    more = {} if quantization is None else {"quantization_config": quantization}
    try:
        network, found = AutoModelForCausalLM.from_pretrained(
            path,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **more,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        raise ModelFileError(f"The model in {path.name} cannot be read.") from error
    if missing := sorted(found["missing_keys"]):  # they would be filled with random numbers
        raise ModelFileError(f"The model is not whole: it lacks the tensor {missing[0]}.")
    return network


def read_folder_text(path: Path) -> FolderText:
    """Read the tokenizer and the chat template of a folder. Raises ModelFileError."""
    settings = _Settings(
        _json(path / "config.json"),
        _json(path / "generation_config.json"),
        _json(path / "tokenizer_config.json"),
        _json(path / "special_tokens_map.json"),
    )
    content = _text(path / "tokenizer.json")
    if content is None:
        raise ModelFileError(f"The folder {path.name} has no tokenizer.json.")
    tokenizer = HfTokenizer(
        content,
        {name: _named(settings, f"{name}_token") for name in ("bos", "eos")},
        _endings(settings),
    )
    return FolderText(tokenizer, _template(path, settings))


def _template(path: Path, settings: _Settings) -> str:
    """Return the chat template: from a file of its own, or among the tokenizer's settings."""
    source = _text(path / "chat_template.jinja")
    if source is not None:
        return source
    found = settings.tokenizer.get("chat_template")
    if found is None:
        found = _json(path / "chat_template.json").get("chat_template")
    if isinstance(found, list):  # several, by name
        named = {each.get("name"): each.get("template") for each in found}
        found = named.get("default")
    return found if isinstance(found, str) else CHATML


def _named(settings: _Settings, name: str) -> str:
    for source in (settings.tokenizer, settings.special):
        found = source.get(name)
        if isinstance(found, dict):
            found = found.get("content")
        if isinstance(found, str):
            return found
    return ""


def _endings(settings: _Settings) -> list[int]:
    found: list[int] = []
    for source in (settings.generation, settings.config):
        ids = source.get("eos_token_id")
        found += [n for n in (ids if isinstance(ids, list) else [ids]) if isinstance(n, int)]
    return found


def _json(path: Path) -> dict[str, Any]:
    content = _text(path)
    try:
        found = json.loads(content or "{}")
    except ValueError as error:
        raise ModelFileError(f"The file {path.name} is damaged.") from error
    if not isinstance(found, dict):
        raise ModelFileError(f"The file {path.name} is damaged.")
    return found


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelFileError(f"The file {path.name} is too large.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"The file {path.name} cannot be read.") from error
