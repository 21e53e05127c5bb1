"""Files that come in parts. What was acknowledged is on disk; a kill leaves nothing half done.

A part is a file of its own in the upload's folder, and counts once its row is committed.
Completing copies the parts into one file and then, in one transaction, gives that file its row and
the upload its end: killed before, the upload is still pending with all its parts.
"""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from desktop_app.engine.identifiers import random_id
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import join_durably, move_durably, sync_folder
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import (
    PARTS,
    UPLOADS,
    FileRecord,
    PartRecord,
    UploadRecord,
    UploadStatus,
)
from desktop_app.engine.store.stored_files import StoredFiles

MAX_UPLOAD_BYTES = 8 * 1024**3
"""SPEC `/uploads`: "an Upload can accept at most 8 GB in total"."""


class UploadStateError(Exception):
    """The upload's state does not allow what is asked."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the upload is {status}")
        self.status = status


class UploadBusyError(Exception):
    """The upload is being completed or ended by another request."""


class UploadMismatchError(Exception):
    """The parts are not what was announced; `param` names the field that they contradict."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Uploads:
    """The uploads of one store. Methods that name one raise UnknownIdError."""

    def __init__(
        self,
        database: Database,
        folders: Folders,
        files: StoredFiles,
        stopping: threading.Event,
    ) -> None:
        self._database = database
        self._folders = folders
        self._files = files
        self._stopping = stopping
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def create(self, upload: UploadRecord) -> None:
        """Accept an upload."""
        self.end_expired()
        self._folder(upload.id).mkdir(mode=0o700)
        try:
            sync_folder(self._folders.uploads)
            with self._database.transaction() as connection:
                UPLOADS.add(connection, upload)
        except BaseException:
            shutil.rmtree(self._folder(upload.id), ignore_errors=True)
            raise

    def get(self, upload_id: str) -> UploadRecord:
        """Return an upload as it stands."""
        self.end_expired()
        with self._database.reading() as connection:
            return UPLOADS.get(connection, upload_id)

    def pending(self, upload_id: str) -> UploadRecord:
        """Return an upload that still takes parts. Raises UploadStateError."""
        return _pending(self.get(upload_id))

    def add_part(self, part: PartRecord, path: Path) -> None:
        """Take a part that is on disk at `path`.

        Raises UploadStateError, and UploadMismatchError if the upload grows too large.
        """
        place = self._folder(part.upload) / part.id
        try:
            with self._database.transaction() as connection:
                _pending(UPLOADS.get(connection, part.upload))
                stored = sum(other.bytes for other in PARTS.all(connection, part.upload))
                if stored + part.bytes > MAX_UPLOAD_BYTES:
                    raise UploadMismatchError("data", "The parts of this upload exceed 8 GB.")
                move_durably(path, place)
                PARTS.add(connection, part, owner=part.upload)
        except BaseException:
            place.unlink(missing_ok=True)
            raise

    def complete(self, upload_id: str, part_ids: Sequence[str], md5: str | None) -> UploadRecord:
        """Make one file of these parts, in this order.

        Asked again with the same parts, as after a lost answer, it returns what it returned then.
        Raises UploadStateError, UploadBusyError, UploadMismatchError, WriteStoppedError.
        """
        upload = self.get(upload_id)
        if upload.status == UploadStatus.COMPLETED and upload.part_ids == tuple(part_ids):
            return upload
        with self._held(upload_id):
            upload = self.pending(upload_id)
            file_id = random_id("file-")
            joined = self._folders.temporary / file_id
            try:
                self._join(upload, part_ids, md5, joined)
                completed = self._complete(upload, part_ids, joined)
            finally:
                joined.unlink(missing_ok=True)
        shutil.rmtree(self._folder(upload_id), ignore_errors=True)
        return completed

    def cancel(self, upload_id: str) -> UploadRecord:
        """End an upload at its owner's wish; twice is as good as once.

        Raises UploadStateError, UploadBusyError.
        """
        upload = self.get(upload_id)
        if upload.status == UploadStatus.CANCELLED:
            return upload
        with self._held(upload_id):
            return self._end(self.pending(upload_id), UploadStatus.CANCELLED)

    def end_expired(self) -> None:
        """End the uploads whose time is over, except what is just being completed."""
        with self._database.reading() as connection:
            over = UPLOADS.expired(connection, int(time.time()))
        for upload in over:
            if upload.status == UploadStatus.PENDING:
                try:
                    with self._held(upload.id):
                        self._end(upload, UploadStatus.EXPIRED)
                except (UploadBusyError, UploadStateError):
                    continue  # another request ends it just now

    def _folder(self, upload_id: str) -> Path:
        return self._folders.uploads / upload_id

    @contextmanager
    def _held(self, upload_id: str) -> Iterator[None]:
        """Keep others from ending an upload. Raises UploadBusyError if somebody is at it."""
        with self._lock:
            if upload_id in self._busy:
                raise UploadBusyError
            self._busy.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(upload_id)

    def _end(self, upload: UploadRecord, status: UploadStatus) -> UploadRecord:
        with self._database.transaction() as connection:
            pending = _pending(UPLOADS.get(connection, upload.id))
            ended = msgspec.structs.replace(pending, status=status)
            UPLOADS.replace(connection, ended)
            PARTS.delete_owned(connection, upload.id)
        shutil.rmtree(self._folder(upload.id), ignore_errors=True)
        return ended

    def _join(
        self, upload: UploadRecord, part_ids: Sequence[str], md5: str | None, joined: Path
    ) -> None:
        """Write the parts one behind the other; the announced size and `md5` must be theirs."""
        with self._database.reading() as connection:
            sizes = {part.id: part.bytes for part in PARTS.all(connection, upload.id)}
        for part_id in part_ids:
            if part_id not in sizes:
                message = f"This upload has no part '{part_id[:100]}'."
                raise UploadMismatchError("part_ids", message)
        if len(set(part_ids)) < len(part_ids):
            raise UploadMismatchError("part_ids", "A part is named more than once.")
        total = sum(sizes[part_id] for part_id in part_ids)
        if total != upload.bytes:
            message = f"The parts have {total} bytes, but {upload.bytes} were announced."
            raise UploadMismatchError("part_ids", message)
        digest = hashlib.md5(usedforsecurity=False)
        seen = digest.update if md5 is not None else _ignore
        paths = [self._folder(upload.id) / part_id for part_id in part_ids]
        for path in paths:
            if not path.is_file():
                message = f"The bytes of part '{path.name}' are missing on the disk: send it again."
                raise UploadMismatchError("part_ids", message)
        join_durably(paths, joined, seen, stopped=self._stopping)
        if md5 is not None and digest.hexdigest() != md5.lower():
            raise UploadMismatchError("md5", "The file does not have this md5 checksum.")

    def _complete(
        self, upload: UploadRecord, part_ids: Sequence[str], joined: Path
    ) -> UploadRecord:
        now = int(time.time())
        file = FileRecord(
            id=joined.name,
            filename=upload.filename,
            purpose=upload.purpose,
            bytes=upload.bytes,
            created_at=now,
            expires_at=None if upload.file_lifetime is None else now + upload.file_lifetime,
        )
        completed = msgspec.structs.replace(
            upload, status=UploadStatus.COMPLETED, file=file.id, part_ids=tuple(part_ids)
        )
        try:
            with self._database.transaction() as connection:
                self._files.keep(joined, file)
                UPLOADS.replace(connection, completed)
                PARTS.delete_owned(connection, upload.id)
        except BaseException:
            self._files.path(file.id).unlink(missing_ok=True)
            raise
        return completed


def _ignore(_chunk: bytes) -> None:
    """Take no checksum: nobody asked for one."""


def _pending(upload: UploadRecord) -> UploadRecord:
    if upload.status != UploadStatus.PENDING:
        raise UploadStateError(upload.status)
    return upload
