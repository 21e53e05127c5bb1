"""Folders that are damaged, or made to do harm."""

import json
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_folder import SafetensorsFolder
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.tiny_folder import (
    folder_weights,
    write_json,
    write_tensors,
    write_tiny_folder,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_folder(tmp_path / "Tiny-0.1B")


INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "name",
    ["../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "C:x.safetensors", "x.bin", ""],
)
def test_an_index_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = write_tiny_folder(tmp_path / "deep" / "model", files=2)
    write_tensors(tmp_path / "deep" / "x.safetensors", {"a": np.ones(1, np.float32)})
    write_json(folder / INDEX, {"weight_map": {"a": name}})
    with pytest.raises(ModelFileError, match="outside of its folder"):
        open_model(folder)


def test_an_index_that_contradicts_its_files_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_folder(tmp_path / "model", files=2)
    names = sorted(path.name for path in folder.glob("*.safetensors"))
    (folder / names[0]).write_bytes((folder / names[1]).read_bytes())
    with pytest.raises(ModelFileError, match="twice"):
        open_model(folder)
    (folder / names[0]).unlink()
    with pytest.raises(ModelFileError, match=f"{names[0]} is missing"):
        open_model(folder)
    contents: list[dict[str, object]] = [{"weight_map": {}}, {"weight_map": 7}, {}]
    for content in contents:
        write_json(folder / INDEX, content)
        with pytest.raises(ModelFileError, match=r"index\.json is damaged"):
            open_model(folder)


def headed(header: object, data: bytes = bytes(64)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**changes: Any) -> bytes:  # noqa: ANN401 - whatever is false
    plain = {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}
    return headed({"model.norm.weight": plain | changes})


HOSTILE = {
    "empty": b"",
    "short": b"\x00\x00",
    "no json": headed(b"\xff\xff\xff"),
    "deep": headed(b'{"a":' * 100_000),
    "endless header": struct.pack("<Q", 1 << 62) + b"{}",
    "header beyond the end": struct.pack("<Q", 100) + b"{}",
    "list": headed([1, 2]),
    "no entry": headed({"model.norm.weight": 7}),
    "no shape": headed({"model.norm.weight": {"dtype": "F32", "data_offsets": [0, 4]}}),
    "negative": entry(shape=[-4, -4]),
    "huge": entry(shape=[1 << 40, 1 << 40]),
    "fraction": entry(shape=[4.0, 4]),
    "many dimensions": entry(shape=[1] * 40),
    "beyond": entry(data_offsets=[0, 1 << 40]),
    "backwards": entry(data_offsets=[64, 0]),
    "three offsets": entry(data_offsets=[0, 1, 2]),
    "of another size": entry(data_offsets=[0, 32]),
    "not a number": headed(b'{"a": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 4]}}'),
    "type": entry(dtype=["F32"]),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_are_refused_in_a_sentence(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError) as refusal:
        open_model(folder)
    assert str(refusal.value).endswith(".")


def test_numbers_of_another_kind_are_refused_when_they_are_wanted(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(entry(dtype="F8_E4M3"))
    with (
        SafetensorsFolder(folder) as file,
        pytest.raises(ModelFileError, match=r"F8_E4M3.*take one in BF16"),
    ):
        file.tensor("output_norm.weight", (4, 4))


def test_numbers_that_are_none_are_refused(folder: Path) -> None:
    weights = folder_weights(0, "llama")
    weights["model.norm.weight"][3] = np.nan
    write_tensors(folder / "model.safetensors", weights)
    with pytest.raises(ModelFileError, match=r"damaged: model\.norm\.weight holds"):
        NumpyLlamaModel(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 5, b'{"a":' * 100_000])
def test_damaged_json_is_refused(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=f"{name} is damaged"):
        NumpyLlamaModel(folder)


def test_files_that_are_too_long_are_refused(folder: Path) -> None:
    with (folder / "config.json").open("r+b") as file:
        file.truncate(5 << 20)
    with pytest.raises(ModelFileError, match=r"config\.json is longer than 4 MB"):
        open_model(folder)


@settings(max_examples=150)
@given(
    flips=st.lists(st.tuples(st.integers(0, 3500), st.integers(1, 255)), min_size=1, max_size=4),
    name=st.sampled_from(["config.json", "tokenizer.json", "model.safetensors"]),
)
def test_flipped_bytes_raise_nothing_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], name: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "flipped"
    write_tiny_folder(folder)
    damaged = bytearray((folder / name).read_bytes())
    for place, changed in flips:
        damaged[place % len(damaged)] ^= changed
    (folder / name).write_bytes(damaged)
    with suppress(ModelFileError):
        NumpyLlamaBackend().memory_needed(folder, training=True)
    with suppress(ModelFileError):
        NumpyLlamaBackend().load(folder)
