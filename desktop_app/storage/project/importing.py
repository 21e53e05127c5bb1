"""Bringing in many conversations while the window goes on writing to the same file.

They are written unseen, in short transactions, and made visible all at once by a last one. Only
that one waits until all is safely on the disk: what nobody has seen need not outlive a power cut.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.split import MIN_EXAMPLES, place
from desktop_app.storage.project import bodies, history
from desktop_app.storage.project.applying import MOST_STARS, Field
from desktop_app.storage.project.bodies import Origin, Written
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import id_list
from desktop_app.storage.project.rows import Split, State

GATHERING_S = 0.05
"""What came in that time is written at once: in half of it, and so long the window may wait."""

MOST_AT_ONCE = 1000
KEPT_FREE = 4 << 20
"""Bytes on the disk that an import leaves to the edits that follow, beside those for the log."""

SPLITS = {"training": Split.TRAINING, "test": Split.TEST}
Item = tuple[Imported, Written]


def import_conversations(
    database: Database,
    conversations: Iterable[Conversation | Imported],
    *,
    source: str,
    test_share: float,
    progress: Callable[[int], None],
    stop: Callable[[], bool],
    at: float,
) -> int:
    """Add all conversations as one step and return how many; 0 if stopped.

    What the file itself says of them goes with them: tags, stars, notes, split and source.
    Nothing remains if `conversations` raises, if it is stopped, or if the program dies.
    """
    staging = _Staging(database, source, test_share, at)
    try:
        with _unsynced(database):
            _sweep_dead_imports(database, stop)
            for batch in _batches(conversations, stop):
                staging.add(batch)
                progress(staging.n)
        if stop():
            staging.discard()
            return 0
        staging.make_visible()
    except BaseException:
        # Whatever it was, the file is as it was before; without space the next import sweeps up.
        with suppress(ProjectError):
            staging.discard()
        raise
    return staging.n


class _Staging:
    """Rows of an import that nobody sees yet."""

    def __init__(self, database: Database, source: str, test_share: float, at: float) -> None:
        self.n = 0
        self._database = database
        self._source = source
        self._test_share = test_share
        self._at = at
        self._staged: list[range] = []
        self._sources: dict[str, int] = {}
        self._last_position: int | None = None
        self._n_test = 0
        self._lowest = (1.0, 0)

    def add(self, items: list[Item]) -> None:
        """Write a batch. Only the first one looks for the end of the list."""
        places = [place(written.derived.digest) for _, written in items]
        splits = [
            SPLITS.get(item.split, Split(spot < self._test_share))
            for (item, _), spot in zip(items, places, strict=True)
        ]
        _refuse_if_nearly_full(self._database.path)
        with self._database.transaction() as connection:
            start = self._last_position
            if start is None:
                start = bodies.last_position(connection)
            end = start + bodies.GAP * len(items)
            ids = bodies.insert(
                connection,
                [written for _, written in items],
                state=State.STAGED,
                splits=splits,
                positions=range(start + bodies.GAP, end + 1, bodies.GAP),
                origins=[self._origin(connection, item) for item, _ in items],
                at=self._at,
            )
            for id_, (item, _) in zip(ids, items, strict=True):
                if item.tags or item.notes or item.accepted:
                    _write_marks(connection, id_, item)
        self._last_position = end
        self._staged.append(ids)
        self.n += len(items)
        self._n_test += sum(splits)
        for spot, id_, (item, _) in zip(places, ids, items, strict=True):
            if spot < self._lowest[0] and item.split not in SPLITS:
                self._lowest = spot, id_

    def make_visible(self) -> None:
        """Flip the states; where chance kept none for the test, it is the lowest place."""
        changes = [
            Change(Field.STATE, first, last, State.ABSENT, State.LIVE)
            for first, last in _runs(self._staged)
        ]
        if not changes:
            return
        needs_test = self._test_share > 0 and self.n >= MIN_EXAMPLES and not self._n_test
        with self._database.transaction() as connection:
            if needs_test:
                connection.execute(
                    "UPDATE conversation SET split = ? WHERE id = ?",
                    (Split.TEST, self._lowest[1]),
                )
            connection.executemany(
                "UPDATE conversation SET state = ?, revision = 1 WHERE id BETWEEN ? AND ?",
                ((State.LIVE, change.first_id, change.last_id) for change in changes),
            )
            history.record(connection, "import", changes, at=self._at, source=self._source)

    def discard(self) -> None:
        """Remove all that was written."""
        for ids in self._staged:
            with self._database.transaction() as connection:
                connection.execute(
                    "DELETE FROM conversation WHERE id BETWEEN ? AND ? AND state = ?",
                    (ids[0], ids[-1], State.STAGED),
                )

    def _origin(self, connection: sqlite3.Connection, item: Imported) -> Origin:
        name = item.source or self._source
        number = item.source_row if item.source else item.number
        if name not in self._sources:
            self._sources[name] = bodies.source_id(connection, name)
        return Origin(self._sources[name], number, min(max(item.rating, 0), MOST_STARS))


@contextmanager
def _unsynced(database: Database) -> Iterator[None]:
    """Let transactions return before they are on the disk. The next one after it waits for all."""
    database.rows("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        database.rows("PRAGMA synchronous = FULL")


def _refuse_if_nearly_full(path: Path) -> None:
    """Raise ProjectError NO_SPACE while all that is in the log still fits into the file.

    A project on a disk that is quite full could not even be opened again.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        needed = KEPT_FREE + 2 * log.stat().st_size
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return
    if free < needed:
        raise ProjectError(ProjectErrorKind.NO_SPACE, path, "nearly full")


def _batches(
    conversations: Iterable[Conversation | Imported], stop: Callable[[], bool]
) -> Iterator[list[Item]]:
    """Yield what came in some time, what is derived of it included."""
    batch: list[Item] = []
    until = time.monotonic() + GATHERING_S
    for item in conversations:
        imported = item if isinstance(item, Imported) else Imported(item, 0)
        batch.append((imported, bodies.written(imported.conversation)))
        if len(batch) == MOST_AT_ONCE or time.monotonic() > until:
            if stop():
                return
            yield batch
            batch = []
            until = time.monotonic() + GATHERING_S
    if batch:
        yield batch


def _write_marks(connection: sqlite3.Connection, id_: int, item: Imported) -> None:
    for tag in filter(None, dict.fromkeys(item.tags)):
        connection.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (tag,))
        connection.execute(
            "INSERT INTO conversation_tag SELECT ?, id FROM tag WHERE name = ?", (id_, tag)
        )
    if item.notes:
        connection.execute("INSERT INTO note VALUES (?, ?)", (id_, item.notes))
    connection.executemany(
        "INSERT INTO accepted VALUES (?, ?)", ((id_, code) for code in dict.fromkeys(item.accepted))
    )


def _sweep_dead_imports(database: Database, stop: Callable[[], bool]) -> None:
    """Remove what an import left that died; the next opening has made it ABSENT."""
    last = (-1, -1)
    while not stop():
        found = database.rows(
            "SELECT id, position, revision FROM conversation WHERE state > 0 AND state = ?"
            " AND (position, id) > (?, ?) ORDER BY position, id LIMIT ?",
            (State.ABSENT, *last, MOST_AT_ONCE),
        )
        if not found:
            return
        last = (found[-1][1], found[-1][0])
        dead = [id_ for id_, _, revision in found if revision == 0]
        if dead:
            with database.transaction() as connection:
                connection.execute(
                    "DELETE FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
                    " AND state = ? AND revision = 0",
                    (id_list(dead), State.ABSENT),
                )


def _runs(staged: list[range]) -> list[tuple[int, int]]:
    """Join batches that follow one another without another edit between them."""
    joined: list[tuple[int, int]] = []
    for ids in staged:
        if joined and joined[-1][1] == ids[0] - 1:
            joined[-1] = (joined[-1][0], ids[-1])
        else:
            joined.append((ids[0], ids[-1]))
    return joined
