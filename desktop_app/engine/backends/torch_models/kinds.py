"""The kinds of GGUF files that are read here; PyTorch is not loaded to tell."""

from collections.abc import Mapping

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import Value

OWN = frozenset({"llama", "qwen2", "qwen3", "smollm3"})
"""Read tensor by tensor: gguf_network.py."""
LOADED = frozenset({"gemma2", "gemma3", "phi3"})
"""Read by transformers: gguf_loading.py. Others that it reads are left out, as it fills in what it
does not find in a file, measures and whole tensors, with values that are the model's by luck."""


def refuse_other_kinds(settings: Mapping[str, Value]) -> str:
    """Return a file's kind. Raises ModelFileError for one that is not read."""
    kind = str(settings.get("general.architecture"))
    if kind not in OWN | LOADED:
        raise ModelFileError(
            f"This model is of the kind {kind[:40]!r}, which is not known here as a GGUF file;"
            " a folder with its *.safetensors may be."
        )
    return kind
