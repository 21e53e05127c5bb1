"""Bringing in many conversations while the window goes on writing to the same file.

They are written unseen, in short transactions, and then made visible as one step (`finishing.py`).
Only the last transaction waits until all is safely on the disk: what nobody was told of need not
outlive a power cut.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from desktop_app.core.examples.advice.near_duplicates import NearDuplicates
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.split import MIN_EXAMPLES, place
from desktop_app.storage.project import bodies, finishing, history
from desktop_app.storage.project.applying import MOST_STARS, Field
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.history import Change
from desktop_app.storage.project.listing import id_list, parsed
from desktop_app.storage.project.preparing import Prepared, Row, row_of
from desktop_app.storage.project.rows import Split, State

GATHERING_S = 0.05
"""What came in that time is written at once: in half of it, and so long the window may wait."""

MOST_AT_ONCE = 1000
COMPARED = 20_000
"""Conversations in an import among which near duplicates are looked for: half a second."""

KEPT_FREE = 4 << 20
"""Bytes on the disk that an import leaves to the edits that follow, beside those for the log."""

SPLITS = {"training": Split.TRAINING, "test": Split.TEST}
Source = Conversation | Imported | Prepared


def import_conversations(
    database: Database,
    conversations: Iterable[Source],
    *,
    source: str,
    test_share: float,
    progress: Callable[[int], None],
    stop: Callable[[], bool],
    at: float,
) -> int:
    """Add all conversations as one step and return how many; 0 if stopped.

    What the file itself says of them goes with them: tags, stars, notes, split and source. Of what
    is `Prepared` the rows are taken; whoever yields it has seen to the lines that were rejected.
    Nothing remains if `conversations` raises, if it is stopped, or if the program dies.
    """
    staging = _Staging(database, source, test_share, at)
    try:
        _sweep_dead_imports(database, stop)
        with _hurried(database):
            for batch in _batches(conversations, stop):
                staging.add(batch)
                progress(staging.n)
            if staging.n <= COMPARED:
                staging.keep_together(stop)
            is_stopped = stop()
            if not is_stopped:
                staging.make_visible()
        if is_stopped:
            staging.discard()
            return 0
        staging.end()
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
        self._placed: set[int] = set()
        self._history_id: int | None = None

    def add(self, rows: list[Row]) -> None:
        """Write a batch. Only the first one looks for the end of the list."""
        splits = [
            spot < self._test_share if said is None else self._split(spot, said)
            for _, spot, _, said in rows
        ]
        _refuse_if_nearly_full(self._database.path)
        with self._database.transaction() as connection:
            start = self._last_position
            if start is None:
                start = bodies.last_position(connection)
            end = start + bodies.GAP * len(rows)
            source = self._source_id(connection, self._source)
            ids = bodies.insert(
                connection,
                [text for _, _, text, _ in rows],
                state=State.STAGED,
                splits=splits,
                positions=range(start + bodies.GAP, end + 1, bodies.GAP),
                origins=[
                    (source, number, 0) if said is None else self._origin(connection, number, said)
                    for number, _, _, said in rows
                ],
                at=self._at,
            )
            for id_, (_, _, _, said) in zip(ids, rows, strict=True):
                if said is not None:
                    _write_marks(connection, id_, said)
        self._last_position = end
        self._staged.append(ids)
        self.n += len(rows)
        self._n_test += sum(splits)
        self._placed.update(
            id_
            for id_, (_, _, _, said) in zip(ids, rows, strict=True)
            if said is not None and said.split in SPLITS
        )

    def keep_together(self, stop: Callable[[], bool]) -> None:
        """Put near duplicates on one side, where most are, so that none is trained on and tested.

        What the file itself has placed stays there.
        """
        if not self._n_test:
            return
        near, is_test = NearDuplicates(), {}
        for first, last in _runs(self._staged):
            for id_, split, line in self._database.stream(
                "SELECT id, split, line FROM conversation JOIN body USING (id)"
                " WHERE id BETWEEN ? AND ?",
                (first, last),
            ):
                near.add(id_, parsed(self._database, id_, line))
                is_test[id_] = bool(split)
        moved: list[tuple[bool, int]] = []
        for group in near.groups(stop):
            for_test = 2 * sum(is_test[id_] for id_ in group) > len(group)
            astray = (id_ for id_ in group if is_test[id_] != for_test)
            moved += [(for_test, id_) for id_ in astray if id_ not in self._placed]
        if not moved:
            return
        with self._database.transaction() as connection:
            connection.executemany("UPDATE conversation SET split = ? WHERE id = ?", moved)
        self._n_test += sum(1 if for_test else -1 for for_test, _ in moved)

    def make_visible(self) -> None:
        """Write down the step, then flip the states; none for the test: it is the lowest place."""
        runs = _runs(self._staged)
        changes = [Change(Field.STATE, *run, State.ABSENT, State.LIVE) for run in runs]
        if not changes:
            return
        needs_test = self._test_share > 0 and self.n >= MIN_EXAMPLES and not self._n_test
        lowest = self._lowest() if needs_test else None
        with self._database.transaction() as connection:
            if lowest is not None:
                connection.execute(
                    "UPDATE conversation SET split = ? WHERE id = ?", (Split.TEST, lowest)
                )
            history.record(connection, "import", changes, at=self._at, source=self._source)
            (history_id,) = connection.execute("SELECT max(id) FROM history").fetchone()
            connection.execute(
                "UPDATE history SET undone = ? WHERE id = ?", (finishing.UNFINISHED, history_id)
            )
        self._history_id = history_id
        for part in finishing.parts(runs):
            _refuse_if_nearly_full(self._database.path)
            with self._database.transaction() as connection:
                finishing.show(connection, part)

    def end(self) -> None:
        """Let the step be undone, once all before is on the disk."""
        if self._history_id is not None:
            with self._database.transaction() as connection:
                finishing.end_step(connection, self._history_id)

    def discard(self) -> None:
        """Remove all that was written; until the step is gone, an opening would finish it."""
        if self._history_id is not None:
            for part in finishing.parts(_runs(self._staged)):
                with self._database.transaction() as connection:
                    finishing.hide(connection, part, self._at)
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM history WHERE id = ?", (self._history_id,))
        for ids in self._staged:
            with self._database.transaction() as connection:
                connection.execute(
                    "DELETE FROM conversation WHERE id BETWEEN ? AND ? AND state = ?",
                    (ids[0], ids[-1], State.STAGED),
                )

    def _split(self, spot: float, said: Imported) -> bool:
        return bool(SPLITS.get(said.split, spot < self._test_share))

    def _origin(
        self, connection: sqlite3.Connection, number: int, said: Imported
    ) -> tuple[int, int, int]:
        source = self._source_id(connection, said.source or self._source)
        rating = min(max(said.rating, 0), MOST_STARS)
        return source, said.source_row if said.source else number, rating

    def _source_id(self, connection: sqlite3.Connection, name: str) -> int:
        if name not in self._sources:
            self._sources[name] = bodies.source_id(connection, name)
        return self._sources[name]

    def _lowest(self) -> int | None:
        """Return the conversation that chance would place in the test first."""
        spots = (
            (place(digest), id_)
            for first, last in _runs(self._staged)
            for id_, digest in self._database.stream(
                "SELECT id, digest FROM conversation WHERE id BETWEEN ? AND ?", (first, last)
            )
            if id_ not in self._placed
        )
        return min(spots, default=(0.0, None))[1]


@contextmanager
def _hurried(database: Database) -> Iterator[None]:
    """Let transactions return before they are on the disk. The next one after it waits for all.

    Nor is it looked up for each text whether its conversation is there: both are written together.
    """
    database.rows("PRAGMA synchronous = NORMAL")
    database.rows("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        database.rows("PRAGMA foreign_keys = ON")
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


def _batches(found: Iterable[Source], stop: Callable[[], bool]) -> Iterator[list[Row]]:
    """Yield what came in some time, what is derived of it included."""
    batch: list[Row] = []
    until = time.monotonic() + GATHERING_S
    for item in found:
        if isinstance(item, Prepared):
            batch += item.rows
        elif isinstance(item, Imported):
            batch.append(row_of(item, item.number))
        else:
            batch.append(row_of(Imported(item, 0), 0))
        while len(batch) >= MOST_AT_ONCE or (batch and time.monotonic() > until):
            if stop():
                return
            yield batch[:MOST_AT_ONCE]
            batch = batch[MOST_AT_ONCE:]
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
