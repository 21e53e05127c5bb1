"""Takes in adapters that were trained elsewhere, as PEFT writes them.

They are checked as our own are read, stored in float32, and listed among the tuned models. No file
is taken that could run code when it is read: safetensors only.
"""

import json
import shutil
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as to_safetensors

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.folder_adapter import read_folder_adapter
from desktop_app.engine.backends.model_files.hf_folder import SafetensorsFolder
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.shape import read_shape
from desktop_app.engine.identifiers import random_id, tuned_model_name
from desktop_app.engine.models.model_list import IMPORTED, ModelList
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import sync_folder, write_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import CHECKPOINTS, CheckpointRecord

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
MOST_BYTES = 4 << 30
MOST_CONFIG_BYTES = 1 << 20
_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}
# The last for headers nested too deeply.
_WHAT_DAMAGE_RAISES = (
    *(ValueError, KeyError, TypeError, AttributeError, struct.error),
    RecursionError,
)


class AdapterImport:
    """Copies adapters into the store."""

    def __init__(self, database: Database, folders: Folders, models: ModelList) -> None:
        self._database = database
        self._folder = folders.jobs / IMPORTED
        self._models = models

    def tidy(self) -> None:
        """Remove what a kill left half done: a record always comes after its folder."""
        with self._database.reading() as connection:
            known = {record.adapter for record in CHECKPOINTS.all(connection, IMPORTED)}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in known:
                shutil.rmtree(path)

    def take(self, source: Path, name: str, base: str | None) -> str:
        """Copy an adapter and return the name of the model that it makes.

        Raises ModelFileError for what it holds, UnknownIdError for its base, OSError.
        """
        bases = self._bases(base)
        record_id = random_id("adapter-")
        place = self._folder / record_id
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place.mkdir(mode=0o700)
        try:
            write_durably(place / TENSORS, _in_float32(source / TENSORS))
            write_durably(place / CONFIG, _read_config(source / CONFIG))
            fitting = self._fitting(place, bases)
            sync_folder(self._folder)
            record = CheckpointRecord(
                id=random_id("ftckpt_"),
                created_at=int(time.time()),
                model=tuned_model_name(fitting, name, record_id),
                base=fitting,
                job=IMPORTED,
                step=0,
                adapter=record_id,
            )
            with self._database.transaction() as connection:
                self._models.base_files(fitting)  # it may have been removed meanwhile
                CHECKPOINTS.add(connection, record, owner=IMPORTED)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return record.model

    def _bases(self, base: str | None) -> dict[str, Path]:
        if base is not None:
            return {base: self._models.base_files(base)}
        paths = self._models.base_paths()
        if not paths:
            raise ModelFileError("There is no base model here to which it could belong.")
        return paths

    def _fitting(self, adapter: Path, bases: dict[str, Path]) -> str:
        """Return the base model that an adapter belongs to, as far as shapes tell."""
        fitting, fault = [], ModelFileError("It fits no base model that is here.")
        for name, path in bases.items():
            try:
                changes_something = _changes_something(adapter, path)
            except ModelFileError as error:
                fault = error
                continue
            if not changes_something:
                fault = ModelFileError("It changes nothing: every B in it is zero.")
                continue
            fitting.append(name)
        if not fitting:
            raise fault
        if len(fitting) > 1:
            meant = _read_base(adapter / CONFIG)
            fitting = [name for name in fitting if name == meant]
        if len(fitting) != 1:
            raise ModelFileError("It fits more than one base model: name the one it belongs to.")
        return fitting[0]


def _changes_something(adapter: Path, base: Path) -> bool:
    """Whether any B of an adapter that fits is not zero. Raises ModelFileError if it does not."""
    with open_model(base) as file:
        if isinstance(file, SafetensorsFolder):
            return bool(read_folder_adapter(adapter, file).updates)
        lora = read_adapter(adapter, read_shape(file))
    return any(b.any() for _, _, b in lora.pairs())


def _read_config(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_CONFIG_BYTES:
            raise ModelFileError(f"{path.name} is too large.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(f"The folder has no {path.name}.") from error


def _read_base(path: Path) -> str:
    """Return the base model that an adapter names, as models are called here."""
    config: Any = json.loads(path.read_bytes())
    return str(config.get("base_model_name_or_path") or "").rsplit("/", 1)[-1].lower()


def _in_float32(path: Path) -> bytes:
    """Return a safetensors file with its numbers in float32. Raises ModelFileError."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        has_pickle = path.with_suffix(".bin").exists()
        more = " A .bin file can hold programs and is not read: save it anew." if has_pickle else ""
        raise ModelFileError(f"The folder has no {path.name}.{more}") from error
    if size > MOST_BYTES:
        raise ModelFileError(f"{path.name} is too large.")
    try:
        return to_safetensors(_tensors(path.read_bytes()), {"format": "pt"})
    except _WHAT_DAMAGE_RAISES as error:
        raise ModelFileError(f"{path.name} is damaged.") from error


def _tensors(data: bytes) -> dict[str, Array]:
    """Read a safetensors file: BF16 too, which NumPy has no type for.

    Source of the format: safetensors, README ("Format").
    """
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    header: Any = json.loads(data[8:start])
    found: dict[str, Array] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind = entry["dtype"]
        if kind not in _TYPES:
            raise ModelFileError(f"The adapter stores numbers as {str(kind)[:20]}.")
        first, end = entry["data_offsets"]
        if not 0 <= first <= end <= len(data) - start:
            raise ValueError
        numbers = np.frombuffer(data[start + first : start + end], _TYPES[kind])
        if kind == "BF16":  # the upper half of a float32
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        numbers = numbers.astype(np.float32).reshape(entry["shape"])
        if not np.isfinite(numbers).all():
            raise ModelFileError("The adapter holds numbers that are none.")
        found[name] = numbers
    return found
