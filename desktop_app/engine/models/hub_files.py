"""Which files of a repository make a model, and which are left where they are.

Only data is taken: never a pickle (*.bin, *.pt, *.pth), never a program (*.py), both of which could
run code when they are read.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

CONFIG, INDEX, CARD = "config.json", "model.safetensors.index.json", "README.md"
TOKENIZER = "tokenizer.json"
NO_TOKENIZER = "It has no tokenizer.json; a tokenizer in another form is not read."
_NAMES = frozenset(
    {
        CONFIG,
        INDEX,
        CARD,
        "generation_config.json",
        TOKENIZER,
        "tokenizer.model",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        "chat_template.jinja",
        "chat_template.json",
    }
)
_LICENCE = re.compile(r"(licen[sc]e|notice|use_policy)(\.(md|txt))?", re.IGNORECASE)
_WEIGHTS = re.compile(r"model(-(\d{5})-of-(\d{5}))?\.safetensors")
_PART_OF_GGUF = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_PLAIN = re.compile(r"[A-Za-z0-9][\w.+-]{0,150}", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows gives to devices. Source: Microsoft, "Naming Files, Paths, and Namespaces"."""

GGUF_FORMS = ("f16", "q8_0", "bf16", "f32", "q4_1", "q4_0")
"""Forms of GGUF weights that are read here, the ones to prefer first."""


class HubFile(Struct, frozen=True):
    """A file of a repository. `sha256` is known of large ones, `blob` (git's SHA-1) of others."""

    path: str
    size: int
    sha256: str | None = None
    blob: str | None = None


class NotAModelError(Exception):
    """A repository or folder holds nothing that can be used; the text is meant for the user."""


def wanted(files: Sequence[HubFile]) -> list[HubFile]:
    """Return the files to take, small ones first. Raises NotAModelError."""
    for file in files:
        _check_path(file.path)
    here = {file.path: file for file in files if "/" not in file.path}
    weights = _weights(here)
    if not weights:
        weights = [_gguf(here)]
        chosen = [here[CARD]] if CARD in here else []
    else:
        if CONFIG not in here:
            raise NotAModelError("It has weights, but no config.json that says how they are used.")
        if TOKENIZER not in here:
            raise NotAModelError(NO_TOKENIZER)
        chosen = [file for name, file in here.items() if name in _NAMES]
    chosen += [file for name, file in here.items() if _LICENCE.fullmatch(name)]
    chosen += weights
    _check_names(chosen)
    return sorted(chosen, key=lambda file: file.size)


def is_part(name: str) -> bool:
    """Whether a file holds one part of several of a model's weights."""
    match = _WEIGHTS.fullmatch(name)
    return match is not None and match[1] is not None


def _weights(here: dict[str, HubFile]) -> list[HubFile]:
    """Return the safetensors files: one, or all parts of one model."""
    found = {name: match for name in here if (match := _WEIGHTS.fullmatch(name))}
    if "model.safetensors" in found:
        return [here["model.safetensors"]]
    if not found:
        return []
    parts = {int(match[2]) for match in found.values()}
    counts = {int(match[3]) for match in found.values()}
    if len(counts) != 1 or parts != set(range(1, counts.pop() + 1)):
        raise NotAModelError("Parts of its weights are missing.")
    if INDEX not in here:
        raise NotAModelError(f"Its weights are in parts, and {INDEX} is missing.")
    return [here[name] for name in found]


def _gguf(here: dict[str, HubFile]) -> HubFile:
    """Return the best of a repository's GGUF files."""
    names = [name for name in here if name.lower().endswith(".gguf")]
    whole = [name for name in names if not _PART_OF_GGUF.search(name.lower())]
    for form in GGUF_FORMS:
        for name in sorted(whole):
            if re.search(rf"(^|[^a-z0-9]){form}([^a-z0-9]|$)", name.lower()):
                return here[name]
    if names:
        raise NotAModelError(
            "Its GGUF files are in forms that this engine does not read; it reads F16, BF16, F32,"
            " Q8_0, Q4_1 and Q4_0 in one file."
        )
    raise NotAModelError(_what_else(here))


def _what_else(names: Iterable[str]) -> str:
    suffixes = {PurePosixPath(name).suffix for name in names}
    if "adapter_config.json" in names:
        return "It holds an adapter, not a whole model. Fetch its base model, and add the adapter."
    if suffixes & {".bin", ".pt", ".pth"}:
        return (
            "Its weights are pickles (.bin, .pt) only. These can run programs when they are read,"
            " and are never fetched; look for a copy as safetensors."
        )
    return "It has no weights as safetensors or GGUF."


def _check_path(path: str) -> None:
    """Refuse a repository that names a file outside its folder."""
    parts = path.split("/")
    if "\\" in path or ":" in path or "\0" in path or {"", ".", ".."} & set(parts):
        raise NotAModelError("It names a file outside its own folder, and is not fetched.")


def _check_names(files: Sequence[HubFile]) -> None:
    """Refuse names that some system cannot store, or not side by side."""
    names = [file.path for file in files]
    for name in names:
        if not _PLAIN.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
            raise NotAModelError("It has a file whose name cannot be used on every system.")
    if len({name.lower() for name in names}) < len(names):
        raise NotAModelError("It has two files whose names differ in capitals only.")
