"""The starter model, or it with an adapter, in the forms that other programs read."""

from pathlib import Path

from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.exports.output import Output
from desktop_app.engine.exports.records import ExportRecord
from desktop_app.engine.exports.source import Source
from desktop_app.engine.exports.writing import write_export, written_bytes


def export(kind: ExportKind, base: Path, adapter: Path | None, folder: Path) -> Path:
    """Write an export by the engine's own means into a new folder."""
    folder.mkdir()
    source = Source("ft:starter:local:x:abc", "starter", base, adapter, None, None, "", "")
    size = written_bytes(source, kind, FloatType.FLOAT32)
    record = ExportRecord(
        "e", 0, source.model, kind, FloatType.FLOAT32, str(folder), folder.name, size
    )
    write_export(Output(folder, lambda: False), source, record)
    return folder
