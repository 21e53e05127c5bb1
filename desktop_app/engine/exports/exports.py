"""All exports of a service: one at a time, each whole or absent at the end."""

import errno
import logging
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.exports.output import ExportCancelledError, Output
from desktop_app.engine.exports.records import (
    EXPORTS,
    OPEN,
    ExportFault,
    ExportRecord,
    ExportStatus,
)
from desktop_app.engine.exports.source import source_of
from desktop_app.engine.exports.writing import CARD, holds_only_an_export, write_export
from desktop_app.engine.models.model_list import ModelList
from desktop_app.engine.service_log import where
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.disk_full import is_disk_full
from desktop_app.engine.store.durable import sync_folder
from desktop_app.engine.store.table import UnknownIdError

log = logging.getLogger(__name__)

KEPT_RECORDS = 100
RETRY_SECONDS = 2.0
SERVICE_FAULT = "server_error"
DISK_FULL = "insufficient_storage"


class Exports:
    """Takes orders, and works them off on a thread of its own until `stopping` is set."""

    def __init__(self, database: Database, models: ModelList, stopping: threading.Event) -> None:
        self._database = database
        self._models = models
        self._lock = threading.Lock()
        self._cancelled: set[str] = set()
        self._stopping = stopping
        self._current: tuple[str, Output] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="export")

    def start(self) -> None:
        """Tell of exports that a kill broke off, and remove what is left of them."""
        for record in self.all():
            if is_complete(record):
                remove_parts(record)
                self._finish(record.id, ExportStatus.SUCCEEDED, None)
            elif record.status in OPEN:
                remove_parts(record)
                fault = ExportFault("interrupted", "The service ended before this was done.")
                self._finish(record.id, ExportStatus.FAILED, fault)

    def stop(self) -> None:
        """Wait until nothing is left of what is broken off."""
        self._thread.shutdown(wait=True)

    def add(self, record: ExportRecord) -> None:
        """Take an order."""
        with self._database.transaction() as connection:
            EXPORTS.add(connection, record)
            finished = [r for r in EXPORTS.all(connection) if r.status not in OPEN]
            for old in finished[:-KEPT_RECORDS]:
                EXPORTS.delete(connection, old.id)
        self._thread.submit(self._run, record.id)

    def all(self) -> list[ExportRecord]:
        """Return the exports that are remembered, the oldest first."""
        with self._database.reading() as connection:
            return EXPORTS.all(connection)

    def record(self, export_id: str) -> ExportRecord:
        """Return an export as it stands. Raises UnknownIdError."""
        with self._database.reading() as connection:
            return EXPORTS.get(connection, export_id)

    def bytes_done(self, record: ExportRecord) -> int:
        """Return how much of the weights is written."""
        if record.status is ExportStatus.SUCCEEDED:
            return record.bytes
        with self._lock:
            current = self._current
        return current[1].bytes_done if current and current[0] == record.id else 0

    def cancel(self, export_id: str) -> ExportRecord:
        """Ask for the end of an export; one that is over stays as it is. Raises UnknownIdError."""
        record = self.record(export_id)
        if record.status in OPEN:
            with self._lock:
                self._cancelled.add(export_id)
        return record

    def is_busy(self) -> bool:
        """Whether an export waits or runs."""
        return any(record.status in OPEN for record in self.all())

    def _is_unwanted(self, export_id: str) -> bool:
        with self._lock:
            return self._stopping.is_set() or export_id in self._cancelled

    def _run(self, export_id: str) -> None:
        record = self.record(export_id)
        fault: ExportFault | None
        try:
            self._write(record)
            status, fault = ExportStatus.SUCCEEDED, None
        except ExportCancelledError:
            status, fault = ExportStatus.CANCELLED, None
            if self._stopping.is_set():
                status = ExportStatus.FAILED
                fault = ExportFault("interrupted", "The service ended before this was done.")
        except Exception as error:  # noqa: BLE001  # whatever it is, its owner must hear of it
            status, fault = ExportStatus.FAILED, fault_of(error)
            level = logging.ERROR if fault.code == SERVICE_FAULT else logging.INFO
            log.log(level, "an export failed: %s", where(error))
        with self._lock:
            self._current = None
            self._cancelled.discard(export_id)
        self._finish(export_id, status, fault)

    def _write(self, record: ExportRecord) -> None:
        part = part_folder(record)
        output = Output(part, lambda: self._is_unwanted(record.id))
        output.check()
        with self._lock:
            self._current = (record.id, output)
        try:
            # First, for a running export without this folder is one that has got its name.
            part.mkdir(mode=0o700)
            self._change(record.id, status=ExportStatus.RUNNING)
            source = source_of(self._models, self._database, record.model)
            write_export(output, source, record)
            sync_folder(part)
            output.check()
            put_in_place(record)
        finally:
            remove_parts(record)

    def _change(self, export_id: str, **fields: object) -> None:
        with self._database.transaction() as connection:
            record = EXPORTS.get(connection, export_id)
            EXPORTS.replace(connection, msgspec.structs.replace(record, **fields))

    def _finish(self, export_id: str, status: ExportStatus, fault: ExportFault | None) -> None:
        """Tell how it ended: later, where the disk is too full even for that."""
        while True:
            try:
                at = int(time.time())
                self._change(export_id, status=status, error=fault, finished_at=at)
                return
            except sqlite3.OperationalError as error:
                log.error("the end of an export could not be told: %s", where(error))
                if self._stopping.wait(RETRY_SECONDS):
                    return


def target(record: ExportRecord) -> Path:
    """Return the folder that is made."""
    return Path(record.folder) / record.name


def part_folder(record: ExportRecord) -> Path:
    """Return the folder in the making: beside the place for it, so that a rename is enough."""
    return Path(record.folder) / f".{record.name}.{record.id}.part"


def _old_folder(record: ExportRecord) -> Path:
    return Path(record.folder) / f".{record.name}.{record.id}.old"


def put_in_place(record: ExportRecord) -> None:
    """Give an export its name. Raises OSError, FileExistsError where the name is taken."""
    place, old = target(record), _old_folder(record)
    if place.exists() or place.is_symlink():
        if not record.replace or not holds_only_an_export(place):
            raise FileExistsError(errno.EEXIST, "taken")
        place.rename(old)
    part_folder(record).rename(place)
    sync_folder(place.parent)


def is_complete(record: ExportRecord) -> bool:
    """Whether an export that a kill broke off had got its name before.

    What it was to replace may have that name still: then it is older than the order. Something
    else may have got it: then it does not hold the weights.
    """
    if record.status is not ExportStatus.RUNNING or part_folder(record).exists():
        return False
    place = target(record)
    if not holds_only_an_export(place) or (place / CARD).stat().st_mtime < record.created_at:
        return False
    return sum(path.stat().st_size for path in place.iterdir()) >= record.bytes


def remove_parts(record: ExportRecord) -> None:
    """Remove what is left of an export in the making; put back what it was about to replace."""
    place, old = target(record), _old_folder(record)
    shutil.rmtree(part_folder(record), ignore_errors=True)
    if old.is_dir():
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(place)


def fault_of(error: Exception) -> ExportFault:
    """Word an error for the owner of an export."""
    if isinstance(error, ModelFileError):
        return ExportFault("model_file", str(error))
    if isinstance(error, UnknownIdError):
        return ExportFault("model_file", "The model was deleted meanwhile.")
    if isinstance(error, FileExistsError):
        message = "There is something of this name in the folder that is not to be replaced."
        return ExportFault("already_exists", message)
    if isinstance(error, PermissionError):
        return ExportFault("not_writable", "The folder does not let this program write into it.")
    if is_disk_full(error):
        return ExportFault(DISK_FULL, "The disk is full. Free some space and try again.")
    if isinstance(error, OSError):
        reason = error.strerror or "unknown reason"
        return ExportFault("not_writable", f"The folder cannot be written: {reason}.")
    if isinstance(error, MemoryError):
        return ExportFault("no_memory", "There is not enough memory. Close other programs.")
    return ExportFault(SERVICE_FAULT, "The service failed on this. Its log says where.")
