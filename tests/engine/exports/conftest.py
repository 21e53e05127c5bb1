"""A tiny model, an adapter for it, and what is made of both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.output import Output
from desktop_app.engine.exports.records import ExportRecord
from desktop_app.engine.exports.source import Source
from desktop_app.engine.exports.writing import write_export, written_bytes
from tests.engine.tiny_model import write_tiny_model

RANK, ALPHA = 4, 16.0
Export = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory, tiny_path: Path) -> Path:
    model = NumpyLlamaModel(tiny_path)
    trainer = model.trainer(LoraSettings(RANK, ALPHA), seed=1)
    messages = [{"role": "user", "content": "the"}, {"role": "assistant", "content": "and sing"}]
    for _ in range(8):
        trainer.step([model.training_example(messages)], 1e-2)
    folder = tmp_path_factory.mktemp("adapter")
    trainer.export_adapter(folder)
    return folder


@pytest.fixture
def export(tmp_path: Path, tiny_path: Path, adapter: Path) -> Export:
    """Write an export by hand and return its folder."""

    def written(
        kind: ExportKind,
        floats: FloatType = FloatType.FLOAT32,
        *,
        base: Path = tiny_path,
        tuned: bool = True,
    ) -> Path:
        folder = tmp_path / "out"
        folder.mkdir()
        used = adapter if tuned else None
        source = Source("ft:tiny:local:x:abc", "tiny", base, used, None, None, "", "")
        size = written_bytes(source, kind, floats)
        record = ExportRecord("e", 0, source.model, kind, floats, str(folder), "tiny-x", size)
        output = Output(folder, lambda: False)
        write_export(output, source, record)
        assert output.bytes_done == size
        return folder

    return written
