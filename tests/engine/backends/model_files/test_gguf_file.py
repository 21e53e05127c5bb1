import struct
from contextlib import suppress
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.model_files.quantization import FORMATS, TensorFormat
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from tests.engine.tiny_model import write_tiny_model

KINDS = gguf.GGMLQuantizationType
BY_32 = [KINDS.Q8_0, KINDS.Q4_0, KINDS.Q4_1, KINDS.Q5_0, KINDS.Q5_1]


def write_one_tensor(path: Path, numbers: np.ndarray, kind: gguf.GGMLQuantizationType) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("a.number", 7)
    writer.add_float32("a.fraction", 0.5)
    writer.add_bool("a.flag", True)
    writer.add_array("a.list", [1, 2, 3])
    writer.add_array("a.texts", ["één", "二"])
    writer.add_tensor("x", gguf.quants.quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("kind", [KINDS.F32, KINDS.F16, KINDS.BF16, *BY_32], ids=lambda k: k.name)
def test_numbers_are_bit_for_bit_those_of_the_format(
    tmp_path: Path, kind: gguf.GGMLQuantizationType
) -> None:
    numbers = np.random.default_rng(1).normal(size=(6, 64)).astype(np.float32)
    expected = gguf.quants.dequantize(gguf.quants.quantize(numbers, kind), kind)
    with GgufFile(write_one_tensor(tmp_path / "one.gguf", numbers, kind)) as file:
        found = file.tensor("x", (6, 64))
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


def test_settings_of_every_type_are_read(tmp_path: Path) -> None:
    numbers = np.zeros((1, 32), np.float32)
    with GgufFile(write_one_tensor(tmp_path / "one.gguf", numbers, KINDS.F32)) as file:
        found = {key: value for key, value in file.settings.items() if key.startswith("a.")}
    assert found == {
        "a.number": 7,
        "a.fraction": 0.5,
        "a.flag": True,
        "a.list": [1, 2, 3],
        "a.texts": ["één", "二"],
    }


def test_a_tensor_of_another_shape_or_name_is_refused(tiny_path: Path) -> None:
    with GgufFile(tiny_path) as file:
        with pytest.raises(ModelFileError, match="must be"):
            file.tensor("token_embd.weight", (3, 3))
        with pytest.raises(ModelFileError, match="lacks the tensor nothing"):
            file.tensor("nothing", (3, 3))


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = write_one_tensor(tmp_path / "x.gguf", np.full((1, 32), np.nan, np.float32), KINDS.F32)
    with GgufFile(path) as file, pytest.raises(ModelFileError, match="damaged"):
        file.tensor("x", (1, 32))


@pytest.mark.parametrize(
    "form", [form for form in FORMATS.values() if form.block_elements > 1], ids=lambda f: f.name
)
def test_blocks_of_every_format_are_read(tmp_path: Path, form: TensorFormat) -> None:
    """Three rows of two blocks of whatever bytes, against the whole read by ggml's own package."""
    kind = KINDS(form.kind)
    assert (form.name, form.block_elements, form.block_bytes) == (
        kind.name,
        *gguf.GGML_QUANT_SIZES[kind],
    )
    # A few bits only, so that no scale is infinite.
    raw = np.random.default_rng(1).integers(0, 60, (3, 2 * form.block_bytes), np.uint8)
    shape = (3, 2 * form.block_elements)
    path = tmp_path / "blocks.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("x", raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expected = gguf.quants.dequantize(raw, kind).reshape(shape)
    with GgufFile(path) as file:
        assert np.array_equal(file.tensor("x", shape), expected)
    assert len(np.unique(expected)) > 3


def test_an_unsupported_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "k.gguf"
    entry = _text("x") + struct.pack("<IQIQ", 1, 256, 24, 0)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + entry + bytes(500))
    with pytest.raises(ModelFileError, match="format 24, which this engine cannot read"):
        GgufFile(path)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


HUGE = 2**63
HOSTILE = {
    "empty": b"",
    "other": b"%PDF-1.7 and so on and on and on",
    "short": b"GGUF\x03\x00",
    "version": b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
    "big endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "countless tensors": b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0),
    "countless settings": b"GGUF" + struct.pack("<IQQ", 3, 0, HUGE),
    "endless text": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", HUGE),
    "endless list": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 1)
    + _text("k")
    + struct.pack("<IIQ", 9, 4, HUGE),
    "endless list of texts": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 1)
    + _text("k")
    + struct.pack("<IIQ", 9, 8, HUGE),
    "list of lists": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 1)
    + _text("k")
    + struct.pack("<IIQ", 9, 9, 1),
    "unknown type": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + _text("k") + struct.pack("<I", 77),
    "no utf-8": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2) + b"\xff\xfe",
    "twice": b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * (_text("k") + struct.pack("<IB", 0, 1)),
    "no dimensions": b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + _text("x") + struct.pack("<I", 0),
    "endless tensor": b"GGUF"
    + struct.pack("<IQQ", 3, 1, 0)
    + _text("x")
    + struct.pack("<IQQQQIQ", 4, HUGE, HUGE, HUGE, HUGE, 0, 0),
    "tensor beyond the end": b"GGUF"
    + struct.pack("<IQQ", 3, 1, 0)
    + _text("x")
    + struct.pack("<IQIQ", 1, 1, 0, HUGE),
    "broken blocks": b"GGUF"
    + struct.pack("<IQQ", 3, 1, 0)
    + _text("x")
    + struct.pack("<IQIQ", 1, 33, 8, 0),
    "alignment": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 1)
    + _text("general.alignment")
    + struct.pack("<II", 4, 0),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_are_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as refusal:
        GgufFile(path)
    assert str(refusal.value).endswith(".")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelFileError, match="cannot be read"):
            GgufFile(path)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_tiny_model(tmp_path_factory.mktemp("whole") / "tiny.gguf").read_bytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "damaged.gguf"


@settings(max_examples=60)
@given(data=st.data())
def test_a_cut_file_is_refused(content: bytes, scratch: Path, data: st.DataObject) -> None:
    scratch.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(ModelFileError):
        NumpyLlamaBackend().load(scratch)


HEADER = 9000
"""Settings and tensor table of the tiny model end about here; the rest is numbers."""


@settings(max_examples=250)
@given(
    flips=st.lists(
        st.tuples(st.integers(0, HEADER) | st.integers(0, 67_000), st.integers(1, 255)),
        min_size=1,
        max_size=4,
    )
)
def test_flipped_bytes_raise_nothing_but_a_refusal(
    content: bytes, scratch: Path, flips: list[tuple[int, int]]
) -> None:
    damaged = bytearray(content)
    for place, change in flips:
        damaged[place] ^= change
    scratch.write_bytes(damaged)
    with suppress(ModelFileError):
        NumpyLlamaBackend().memory_needed(scratch, training=True)
    with suppress(ModelFileError):
        NumpyLlamaBackend().load(scratch)
