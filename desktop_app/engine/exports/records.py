"""An export as the service remembers it. Times are Unix seconds."""

from enum import StrEnum

from msgspec import Struct

from desktop_app.engine.exports.kinds import ExportKind, FloatType
from desktop_app.engine.store.table import Table


class ExportStatus(StrEnum):
    """Where an export is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = frozenset({ExportStatus.QUEUED, ExportStatus.RUNNING})


class ExportFault(Struct, frozen=True):
    """Why an export failed, in words for its owner."""

    code: str
    message: str


class ExportRecord(Struct, frozen=True):
    """What is to be written where. `name` is that of the folder made within `folder`.

    `title` and `data` are the user's own words for the model and for what it was taught with.
    `bytes` is how long its weights will be; `replace`, whether an earlier export of that name may
    go.
    """

    id: str
    created_at: int
    model: str
    kind: ExportKind
    floats: FloatType
    folder: str
    name: str
    bytes: int
    replace: bool = False
    title: str = ""
    data: str = ""
    status: ExportStatus = ExportStatus.QUEUED
    error: ExportFault | None = None
    finished_at: int | None = None


EXPORTS = Table("Export", ExportRecord)
