"""GGUF exports: read by our own engine, they answer as base and adapter do."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.weights import halves_from_pairs
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.exports.gguf_types import value_types
from desktop_app.engine.exports.kinds import ExportKind
from desktop_app.engine.exports.merging import MergedModel, pairs_from_halves
from tests.engine.exports.conftest import Export
from tests.engine.tiny_model import tiny_weights, write_model

TOKENS = np.arange(3, 120)
NAMES = {"general.name", "general.file_type", "general.quantization_version"}


@pytest.mark.parametrize(
    ("kind", "tolerance"), [(ExportKind.GGUF_F16, 0.01), (ExportKind.GGUF_Q8_0, 0.1)]
)
def test_it_answers_as_base_and_adapter_do(
    export: Export, tiny_path: Path, adapter: Path, kind: ExportKind, tolerance: float
) -> None:
    """Log-probabilities in nats: F16 has 11 bits of mantissa, Q8_0 some 7 for the largest of 32."""
    model = NumpyLlamaModel(tiny_path)
    base = model.score(TOKENS)[1:]
    model.use_adapter(adapter)
    tuned = model.score(TOKENS)[1:]
    exported = NumpyLlamaModel(export(kind) / "tiny-x.gguf")
    off = np.abs(exported.score(TOKENS)[1:] - tuned)
    assert off.max() < tolerance
    assert np.abs(tuned - base).max() > 10 * tolerance
    text = "<|im_start|>user\nthe sing 12 é"
    assert np.array_equal(exported.tokenize(text), model.tokenize(text))


@pytest.mark.parametrize("kind", [ExportKind.GGUF_F16, ExportKind.GGUF_Q8_0])
def test_settings_are_those_of_the_base(export: Export, tiny_path: Path, kind: ExportKind) -> None:
    def settings(path: Path) -> dict[str, tuple[object, object]]:
        fields = gguf.GGUFReader(path).fields
        return {name: (field.types, field.contents()) for name, field in fields.items()}

    before, after = settings(tiny_path), settings(export(kind) / "tiny-x.gguf")
    counts = {"GGUF.kv_count", "GGUF.tensor_count", "GGUF.version"}
    assert before.keys() - counts <= after.keys()
    for name in before.keys() - counts - NAMES:
        assert after[name] == before[name], name
    assert after.keys() - before.keys() <= NAMES
    assert after["general.name"][1] == "tiny-x"
    assert after["general.file_type"][1] == (1 if kind is ExportKind.GGUF_F16 else 7)
    assert after["general.license"][1] == "apache-2.0"


def test_every_tensor_has_the_right_format(export: Export) -> None:
    reader = gguf.GGUFReader(export(ExportKind.GGUF_Q8_0) / "tiny-x.gguf")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert {kind for name, kind in kinds.items() if "norm" in name} == {"F32"}
    assert {kind for name, kind in kinds.items() if "norm" not in name} == {"Q8_0"}


def test_f16_numbers_are_the_nearest(export: Export, tiny_path: Path, adapter: Path) -> None:
    path = export(ExportKind.GGUF_F16) / "tiny-x.gguf"
    with open_model(tiny_path) as base, open_model(path) as made:
        merged = MergedModel(base, adapter)
        assert list(base.tensors) == list(made.tensors)
        for part in merged.parts:
            wanted = merged.gguf_weights(part)
            if len(part.shape) > 1:
                wanted = wanted.astype(np.float16).astype(np.float32)
            assert np.array_equal(made.tensor(part.stored, part.shape), wanted), part.stored


def test_rows_go_there_and_back() -> None:
    weights = np.arange(4 * 16 * 3, dtype=np.float32).reshape(64, 3)
    pairs = pairs_from_halves(weights, 4)
    assert np.array_equal(halves_from_pairs(pairs, 4), weights)
    assert pairs[1].tolist() == weights[8].tolist()


def test_types_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "many.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint64("x.u64", 2**40)
    writer.add_int8("x.i8", -3)
    writer.add_uint16("x.u16", 3)
    writer.add_float64("x.f64", 0.1)
    writer.add_bool("x.bool", True)
    writer.add_array("x.words", ["a", "", "bcd"])
    writer.add_array("x.flags", [True, False])
    writer.add_array("x.numbers", [1, -2, 3])
    writer.add_string("x.last", "é")
    writer.add_tensor("t", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    fields = gguf.GGUFReader(path).fields
    found = value_types(path)
    assert list(found) == [name for name in fields if not name.startswith("GGUF.")]
    for name, kept in found.items():
        types = fields[name].types
        assert kept.kind == types[0], name
        assert kept.items == (types[-1] if len(types) > 1 else None), name


def test_a_model_without_a_template_gets_the_one_it_is_used_with(
    export: Export, tmp_path: Path
) -> None:
    changes = {"tokenizer.chat_template": None}
    base = write_model(tmp_path / "plain.gguf", tiny_weights(0), changes)
    with open_model(export(ExportKind.GGUF_F16, base=base) / "tiny-x.gguf") as file:
        assert file.settings["tokenizer.chat_template"] == CHATML


def test_a_damaged_base_is_refused(export: Export, tmp_path: Path) -> None:
    weights = tiny_weights(0)
    weights["output_norm.weight"][0] = np.inf
    base = write_model(tmp_path / "bad.gguf", weights, {})
    with pytest.raises(ModelFileError, match="damaged"):
        export(ExportKind.GGUF_F16, base=base)
