"""How much a process of the runtime holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.llama_cpp.process import Loading
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.shape import read_shape

SLOTS = 2
"""Replies at once. Each has room of its own, so that a reply's numbers depend on no other's."""
_MOST_CONTEXT, _LEAST_CONTEXT = 4096, 1024
_MOST_KEPT = 512 << 20
"""Bytes that keys and values may take; they are taken at the start."""
_PROGRAM = 256 << 20
"""Bytes that the process takes beside them: measured 110 MB, and 130 MB of work space."""


@dataclass(frozen=True)
class Sizes:
    """`context` tokens of each of the slots, for which `kept` bytes of keys and values are held."""

    context: int
    kept: int

    def memory(self, weights: int) -> int:
        """Return the bytes of a process with weights of so many."""
        return weights + self.kept + _PROGRAM


def sizes_of(base: Path) -> Sizes:
    """Return how much is held for a base model: keys and values in F16. Raises ModelFileError."""
    with open_model(base) as file:
        shape = read_shape(file)
    per_token = SLOTS * shape.layers * 2 * shape.keys_width * 2
    context = max(_LEAST_CONTEXT, min(_MOST_CONTEXT, _MOST_KEPT // per_token))
    context = min(context, shape.context)
    return Sizes(context, context * per_token)


def loading(model: Path, adapters: Sequence[Path], sizes: Sizes, threads: int) -> Loading:
    """Return what a process is told."""
    return Loading(model, adapters, sizes.context, SLOTS, threads)
