"""A folder as transformers writes it: config.json, safetensors files, tokenizer.json.

Presented as a GGUF file is, so that whatever runs, exports or checks models needs know of one kind
of file only. The folder is not trusted: see the modules that read its parts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from typing_extensions import override

from desktop_app.engine.backends.backend import Floats, ModelFileError
from desktop_app.engine.backends.model_files.hf_config import (
    ARCHITECTURES,
    kind_of,
    llama3_scaling,
    settings_of,
)
from desktop_app.engine.backends.model_files.hf_tokenizer import tokenizer_settings
from desktop_app.engine.backends.model_files.json_file import read_json
from desktop_app.engine.backends.model_files.model_file import Closing, StoredTensor, Value
from desktop_app.engine.backends.model_files.rotary_scaling import ROTARY_FACTORS
from desktop_app.engine.backends.model_files.safetensors_files import SafetensorsFiles
from desktop_app.engine.backends.model_files.tensor_names import gguf_name

CONFIG = "config.json"
_MOST_CONFIG_BYTES = 4 << 20
_CARD_BYTES = 64 << 10
_LICENCE = re.compile(r"^licen[sc]e:[ \t]*[\"']?([\w.+-]{1,60})[\"']?[ \t]*$", re.MULTILINE)
_NO_WEIGHTS = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq")
"""Frequencies that older versions of transformers kept; they follow from config.json."""


@dataclass(frozen=True)
class MadeTensor:
    """A tensor that is in no file, but follows from config.json."""

    numbers: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """How long each dimension is."""
        return self.numbers.shape

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return int(self.numbers.size)


class SafetensorsFolder(Closing):
    """An open folder; close it, or use it in a `with`. Raises ModelFileError.

    `config` is config.json, and `files` the tensors under their own names.
    """

    rows_in_pairs = False

    def __init__(self, folder: Path) -> None:
        if not (folder / CONFIG).is_file():
            raise ModelFileError(f"The folder {folder.name} holds no {CONFIG}.")
        self.config = read_json(folder / CONFIG, _MOST_CONFIG_BYTES)
        self.settings: Mapping[str, Value] = _Settings(folder, self.config)
        self.files = SafetensorsFiles(folder)
        try:
            self._names, self._made = self._renamed(), self._factors()
        except BaseException:
            self.files.close()
            raise

    @override
    def close(self) -> None:
        self.files.close()

    @cached_property
    def tensors(self) -> Mapping[str, StoredTensor]:
        """The tensors under GGUF files' names."""
        stored: dict[str, StoredTensor] = {
            name: self.files.tensors[own] for name, own in self._names.items()
        }
        return stored | self._made

    def tensor(self, name: str, shape: tuple[int, ...]) -> Floats:
        """Return a tensor in float32, of the shape that the caller knows it must have."""
        info = self.tensors.get(name)
        if info is None:
            raise ModelFileError(f"The model lacks the tensor {name}.")
        if info.shape != shape:
            raise ModelFileError(f"The tensor {name} is {info.shape}; it must be {shape}.")
        made = self._made.get(name)
        return made.numbers if made else self.files.numbers(self._names[name])

    def _renamed(self) -> dict[str, str]:
        """Return the tensors' own names by GGUF files' ones."""
        known = kind_of(self.config) in ARCHITECTURES.values()
        tied = self.config.get("tie_word_embeddings", kind_of(self.config) == "smollm3")
        left_out = {"lm_head.weight"} if tied else set()
        return {
            gguf_name(own) if known else own: own
            for own in self.files.tensors
            if own not in left_out and not _NO_WEIGHTS.fullmatch(own)
        }

    def _factors(self) -> dict[str, MadeTensor]:
        scaling = llama3_scaling(self.config)
        kind = kind_of(self.config)
        if scaling is None or kind not in ARCHITECTURES.values():
            return {}
        settings = settings_of(self.config)
        heads = settings.get(f"{kind}.attention.head_count")
        width = settings.get(f"{kind}.embedding_length")
        if not isinstance(heads, int) or not isinstance(width, int) or not heads:
            raise ModelFileError("The model's config.json is damaged: it has no heads.")
        head_width = settings.get(f"{kind}.attention.key_length", width // heads)
        base = settings[f"{kind}.rope.freq_base"]
        assert isinstance(head_width, int)
        assert isinstance(base, float)
        if head_width > 1 << 16:
            raise ModelFileError("The model's config.json is damaged: its heads are too wide.")
        return {ROTARY_FACTORS: MadeTensor(scaling.factors(base, head_width))}


class _Settings(Mapping[str, Value]):
    """All settings; the tokenizer, which takes long to read, at the first that is asked for."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        self._folder = folder
        self._config = config
        self._plain = settings_of(config) | {"general.name": folder.name} | _licence(folder)

    @cached_property
    def _of_tokenizer(self) -> Mapping[str, Value]:
        return tokenizer_settings(self._folder, self._config)

    @override
    def __getitem__(self, key: str) -> Value:
        if key.startswith(("tokenizer.", "exemplar.")):
            return self._of_tokenizer[key]
        return self._plain[key]

    @override
    def __iter__(self) -> Iterator[str]:
        yield from self._plain
        yield from self._of_tokenizer

    @override
    def __len__(self) -> int:
        return len(self._plain) + len(self._of_tokenizer)


def _licence(folder: Path) -> dict[str, Value]:
    """Return the licence that the model's card states in its head."""
    try:
        with (folder / "README.md").open("rb") as file:
            text = file.read(_CARD_BYTES).decode(errors="replace")
    except OSError:
        return {}
    head = text.split("---", 2)[1] if text.startswith("---") and text.count("---") > 1 else ""
    found = _LICENCE.search(head)
    return {"general.license": found[1]} if found else {}
