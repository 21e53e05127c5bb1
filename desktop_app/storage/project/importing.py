"""Bringing in many conversations while the window goes on writing to the same file.

They are written unseen, in short transactions, and made visible all at once by a last one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.split import MIN_EXAMPLES, place
from desktop_app.storage.project import bodies, history
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.history import Change, Field
from desktop_app.storage.project.rows import Split, State

BATCH = 1000


def import_conversations(
    database: Database,
    conversations: Iterable[Conversation],
    *,
    source: str,
    test_share: float,
    progress: Callable[[int], None],
    stop: Callable[[], bool],
    at: float,
) -> int:
    """Add all conversations as one step and return how many; 0 if stopped.

    Nothing remains if `conversations` raises, if it is stopped, or if the program dies.
    """
    staged: list[range] = []
    last_position: int | None = None
    lowest: tuple[float, int] | None = None
    n_test = 0
    try:
        for batch in _batches(conversations, stop):
            places = [place(derived[-1]) for _, derived in batch]
            splits = [Split(spot < test_share) for spot in places]
            ids, last_position = _stage(database, batch, splits, last_position)
            staged.append(ids)
            n_test += sum(splits)
            first = min(zip(places, ids, strict=True))
            lowest = min(lowest, first) if lowest else first
            progress(sum(map(len, staged)))
        if stop():
            _discard(database, staged)
            return 0
        n = sum(map(len, staged))
        needs_test = test_share > 0 and n >= MIN_EXAMPLES and not n_test
        _make_visible(database, staged, lowest if needs_test else None, source, at)
    except BaseException:
        # Whatever it was, the file is as it was before; without space the next opening sweeps up.
        with suppress(ProjectError):
            _discard(database, staged)
        raise
    return n


def _batches(
    conversations: Iterable[Conversation], stop: Callable[[], bool]
) -> Iterator[list[bodies.Written]]:
    remaining = iter(conversations)
    while not stop():
        batch = [bodies.written(conversation) for conversation in islice(remaining, BATCH)]
        if not batch:
            return
        yield batch


def _stage(
    database: Database,
    batch: list[bodies.Written],
    splits: list[Split],
    after_position: int | None,
) -> tuple[range, int]:
    """Write a batch; return its ids and its last position, where the next one goes on.

    Only the first batch looks for the end of the list: that is a scan.
    """
    with database.transaction() as connection:
        start = bodies.last_position(connection) if after_position is None else after_position
        end = start + bodies.GAP * len(batch)
        ids = bodies.insert(
            connection,
            batch,
            state=State.STAGED,
            splits=splits,
            positions=range(start + bodies.GAP, end + 1, bodies.GAP),
        )
    return ids, end


def _make_visible(
    database: Database,
    staged: list[range],
    for_test: tuple[float, int] | None,
    source: str,
    at: float,
) -> None:
    """Flip the states; where chance kept none for the test, the example with the lowest place."""
    changes = [
        Change(Field.STATE, first, last, State.ABSENT, State.LIVE) for first, last in _runs(staged)
    ]
    if not changes:
        return
    with database.transaction() as connection:
        if for_test:
            connection.execute(
                "UPDATE conversation SET split = ? WHERE id = ?", (Split.TEST, for_test[1])
            )
        history.apply(connection, changes, back=False)
        history.record(connection, "import", changes, at=at, source=source)


def _discard(database: Database, staged: list[range]) -> None:
    for ids in staged:
        with database.transaction() as connection:
            connection.execute(
                "DELETE FROM conversation WHERE id BETWEEN ? AND ? AND state = ?",
                (ids[0], ids[-1], State.STAGED),
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
