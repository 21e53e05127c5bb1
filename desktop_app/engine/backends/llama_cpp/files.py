"""The files that llama.cpp reads, made once and kept: base models in F16, and adapters.

Each lies in a folder of its own, which appears only when all in it is whole and on disk. What it
was made from is kept with it; where that has changed or gone, so does the copy.
"""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from desktop_app.engine.backends.atomic_file import write_atomically
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.llama_cpp.lora_file import write_lora_file
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.model_files.rotary_scaling import ROTARY_FACTORS
from desktop_app.engine.exports.gguf_export import write_gguf
from desktop_app.engine.exports.gguf_types import types_of
from desktop_app.engine.exports.kinds import ExportKind, FloatType, total_bytes
from desktop_app.engine.exports.merging import MergedModel
from desktop_app.engine.exports.output import Output

MARGIN_BYTES = 256 << 20
"""What must stay free on the disk beside a copy."""
_WEIGHTS, _ABOUT, _VERDICT = "weights.gguf", "about.json", "verdict.json"
_PART = ".part-"


class NoRoomError(Exception):
    """There is no room on the disk; the text is meant for the user."""


class About(msgspec.Struct, frozen=True):
    """What a copy was made from, and what it is."""

    source: str
    stamp: str
    size: int
    sha256: str


class Verdict(msgspec.Struct, frozen=True):
    """What these versions were found to do with a model.

    `same`: their replies are; `used`: they answer with it; `why` says why not.
    """

    versions: str
    same: bool
    used: bool
    why: str | None = None


class RuntimeFiles:
    """The copies under one folder; used from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._sound: set[Path] = set()

    def base(self, path: Path) -> Path:
        """Return a base model in F16. Raises ModelFileError, NoRoomError and OSError."""
        return self._copy(path, path, written_bytes(path), lambda to: _write_base(to, path))

    def adapter(self, adapter: Path, base: Path) -> Path:
        """Return an adapter. Raises as `base` does."""
        size = sum(one.stat().st_size for one in _parts(adapter))
        return self._copy(adapter, base, size, lambda to: write_lora_file(to, adapter, base))

    def verdict(self, base: Path, adapter: Path | None, versions: str) -> Verdict | None:
        """Return what was found about a model before; None for nothing, or by other versions."""
        folder = self._folder(adapter or base, base)
        try:
            found = msgspec.json.decode((folder / _VERDICT).read_bytes(), type=Verdict)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.versions == versions else None

    def keep_verdict(self, base: Path, adapter: Path | None, verdict: Verdict) -> None:
        """Remember what was found about a model. Raises OSError."""
        folder = self._folder(adapter or base, base)
        write_atomically(folder / _VERDICT, msgspec.json.encode(verdict))

    def tidy(self) -> None:
        """Remove what is unfinished, and copies of what has changed or is gone."""
        with self._lock:
            for folder in list(self._root.iterdir()) if self._root.is_dir() else []:
                about = _about(folder)
                if about is None or _stamp(Path(about.source)) != about.stamp:
                    shutil.rmtree(folder, ignore_errors=True)
                    self._sound.discard(folder)

    def _folder(self, source: Path, base: Path) -> Path:
        told = "\n".join([str(source), _stamp(source), str(base), _stamp(base)])
        return self._root / hashlib.sha256(told.encode()).hexdigest()[:24]

    def _copy(self, source: Path, base: Path, size: int, write: Callable[[Path], None]) -> Path:
        folder = self._folder(source, base)
        with self._lock:
            if not self._is_sound(folder):
                shutil.rmtree(folder, ignore_errors=True)
                self._make(folder, source, size, write)
            self._sound.add(folder)
        return folder / _WEIGHTS

    def _is_sound(self, folder: Path) -> bool:
        """Whether a copy is what it was; its bytes are read once in a service's life."""
        about, weights = _about(folder), folder / _WEIGHTS
        if about is None or not weights.is_file() or weights.stat().st_size != about.size:
            return False
        return folder in self._sound or _checksum(weights) == about.sha256

    def _make(self, folder: Path, source: Path, size: int, write: Callable[[Path], None]) -> None:
        self._root.mkdir(exist_ok=True, mode=0o700)
        free = shutil.disk_usage(self._root).free
        if free < size + MARGIN_BYTES:
            raise NoRoomError(
                f"Its copy for llama.cpp takes {(size + MARGIN_BYTES) / 1e9:.1f} GB of the disk,"
                f" and {free / 1e9:.1f} GB is free."
            )
        part = Path(tempfile.mkdtemp(dir=self._root, prefix=_PART))
        try:
            weights = part / _WEIGHTS
            write(weights)
            with weights.open("rb+") as file:
                os.fsync(file.fileno())
            about = About(str(source), _stamp(source), weights.stat().st_size, _checksum(weights))
            write_atomically(part / _ABOUT, msgspec.json.encode(about))
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def refusal(base: Path) -> str | None:
    """Say why a base model cannot be written as GGUF in F16, None if it can."""
    try:
        with open_model(base) as file:
            model = MergedModel(file, None)
            if ROTARY_FACTORS in file.tensors and model.shape.kind != "llama":
                return "llama.cpp does not read models of this kind with such rotary positions."
    except ModelFileError as error:
        return str(error)
    return None


def written_bytes(base: Path) -> int:
    """Return how long the copy of a base model is. Raises ModelFileError."""
    with open_model(base) as file:
        parts = MergedModel(file, None).parts
        return total_bytes(parts, ExportKind.GGUF_F16, FloatType.FLOAT16)


def _write_base(to: Path, base: Path) -> None:
    with open_model(base) as file:
        model, types = MergedModel(file, None), types_of(file, base)
        output = Output(to.parent, lambda: False)
        write_gguf(output, to.name, model, ExportKind.GGUF_F16, types, base.stem)


def _parts(source: Path) -> Sequence[Path]:
    """Return the files of a model or an adapter."""
    return sorted(source.iterdir()) if source.is_dir() else [source]


def _stamp(source: Path) -> str:
    """Return what changes when a model's files do; '' where there is none."""
    try:
        found = [(one.name, one.stat()) for one in _parts(source)]
    except OSError:
        return ""
    told = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in found])
    return hashlib.sha256(told.encode()).hexdigest()


def _about(folder: Path) -> About | None:
    try:
        return msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About)
    except (OSError, msgspec.DecodeError):
        return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
