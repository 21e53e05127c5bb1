"""The files of one store: rows in the database, bytes beside it, gone when their time is over."""

import time
from pathlib import Path

from desktop_app.engine.store.database import Database
from desktop_app.engine.store.durable import move_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.store.records import FILES, FileRecord
from desktop_app.engine.store.table import Page, UnknownIdError


class StoredFiles:
    """What was uploaded, and what jobs have written."""

    def __init__(self, database: Database, folders: Folders) -> None:
        self._database = database
        self._folders = folders

    def path(self, file_id: str) -> Path:
        """Return where a file's bytes are."""
        return self._folders.files / file_id

    def keep(self, path: Path, file: FileRecord) -> None:
        """Take a file that is on disk: its name first, its row then, or nothing of both."""
        move_durably(path, self.path(file.id))
        try:
            with self._database.transaction() as connection:
                FILES.add(connection, file, owner=file.purpose)
        except BaseException:
            self.path(file.id).unlink(missing_ok=True)
            raise

    def get(self, file_id: str) -> FileRecord:
        """Return a file. Raises UnknownIdError, also for one whose time is over."""
        with self._database.reading() as connection:
            file = FILES.get(connection, file_id)
        if file.expires_at is not None and file.expires_at <= time.time():
            self.delete(file_id)
            raise UnknownIdError(FILES.kind, file_id)
        return file

    def page(
        self, *, limit: int, after: str | None, newest_first: bool, purpose: str | None
    ) -> Page[FileRecord]:
        """Return a stretch of the list, of one purpose or of all. Raises UnknownIdError."""
        self.drop_expired()
        with self._database.reading() as connection:
            return FILES.page(
                connection, limit=limit, after=after, newest_first=newest_first, owner=purpose
            )

    def delete(self, file_id: str) -> None:
        """Remove a file; jobs keep the examples that they were given. Raises UnknownIdError."""
        with self._database.transaction() as connection:
            FILES.delete(connection, file_id)
            self._database.after_commit(lambda: self._remove(file_id))

    def drop_expired(self) -> None:
        """Remove every file whose time is over."""
        with self._database.transaction() as connection:
            expired = FILES.expired(connection, int(time.time()))
            for file in expired:
                FILES.delete(connection, file.id)
        for file in expired:
            self._remove(file.id)

    def _remove(self, file_id: str) -> None:
        self.path(file_id).unlink(missing_ok=True)
