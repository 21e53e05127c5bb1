from pathlib import Path

import gguf
import numpy as np
import pytest

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.llama_cpp.lora_file import write_lora_file
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.exports.merging import MergedModel
from tests.engine.backends.llama_cpp.conftest import write_exact_model, write_random_adapter


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_the_file_adds_what_the_exporter_merges(kind: str, tmp_path: Path) -> None:
    base = write_exact_model(tmp_path / "tiny.gguf", kind)
    adapter = write_random_adapter(tmp_path / "adapter", base, 1)
    write_lora_file(tmp_path / "lora.gguf", adapter, base)
    reader = gguf.GGUFReader(tmp_path / "lora.gguf")
    told = {name: field.contents() for name, field in reader.fields.items()}
    assert told["general.type"] == "adapter"
    assert told["general.architecture"] == kind
    assert told["adapter.type"] == "lora"
    assert told["adapter.lora.alpha"] == 8.0
    tensors = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
    with open_model(base) as file:
        plain, merged = MergedModel(file, None), MergedModel(file, adapter)
        changed = 0
        for part in plain.parts:
            added = merged.gguf_weights(part) - plain.gguf_weights(part)
            if f"{part.stored}.lora_a" not in tensors:
                assert not added.any(), part.stored
                continue
            a, b = tensors[f"{part.stored}.lora_a"], tensors[f"{part.stored}.lora_b"]
            assert np.allclose(8.0 / 4 * b @ a, added, atol=1e-5), part.stored
            assert np.abs(added).max() > 1e-3
            changed += 1
    assert len(tensors) == 2 * changed


def test_an_adapter_of_another_model_is_refused(base: Path, tmp_path: Path) -> None:
    other = write_exact_model(tmp_path / "other.gguf", "qwen3")
    adapter = write_random_adapter(tmp_path / "adapter", other, 1)
    with pytest.raises(ModelFileError, match="another shape"):
        write_lora_file(tmp_path / "lora.gguf", adapter, base)
