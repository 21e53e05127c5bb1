"""Looking through a project in pieces, by several threads, each with its own connection.

SQLite reads and compares while Python waits, so that threads do run at the same time.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue

import msgspec

from desktop_app.storage.project.database import Database, interruptible, open_database

THREADS = min(4, os.cpu_count() or 1)
ASKED_EVERY_S = 0.005
"""How often it is asked whether to stop."""

Parameters = dict[str, object]
Stop = Callable[[], bool]
Ids = list[int]


@dataclass(frozen=True, slots=True)
class Scan:
    """A query for the ids that match in a piece, as a JSON list, and what tells the pieces."""

    sql: str
    parameters: Parameters
    pieces: Iterator[Parameters]

    def of(self, database: Database, piece: Parameters) -> Ids:
        """Return the ids that match in a piece."""
        row = database.row(self.sql, self.parameters | piece)
        return msgspec.json.decode(row[0], type=Ids) if row else []


def scanned(database: Database, scan: Scan, stop: Stop) -> Iterator[int]:
    """Yield the ids that match, piece after piece, until `stop` answers yes.

    The first piece is looked through at once, on this thread: for a common word that is enough.
    """
    first = next(scan.pieces, None)
    if first is None or stop():
        return
    with interruptible(database.connection, stop):
        ids = scan.of(database, first)
    yield from ids
    second = next(scan.pieces, None)
    if second is None or stop():
        return
    helpers = _Helpers(database, scan)
    try:
        yield from helpers.found(second, stop)
    finally:
        helpers.end()


class _Helpers:
    """Threads that look through pieces; what they find comes in the order of these."""

    def __init__(self, database: Database, scan: Scan) -> None:
        self._scan = scan
        self._is_ending = False
        self._databases: list[Database] = []
        self._idle: SimpleQueue[Database] = SimpleQueue()
        # Those that are open are closed where the next cannot be opened.
        with ExitStack() as opened:
            for _ in range(THREADS):
                helper = open_database(database.path, shared=True, any_thread=True)
                opened.callback(helper.close)
                self._databases.append(helper)
                self._idle.put(helper)
            self._opened = opened.pop_all()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="search")

    def found(self, first: Parameters, stop: Stop) -> Iterator[int]:
        """Yield what is found from a piece on, until it is to stop."""
        running = deque([self._begin(first)])
        while running:
            # Never far ahead of whoever reads what is found.
            running.extend(map(self._begin, islice(self._scan.pieces, THREADS + 1 - len(running))))
            ids = _result(running.popleft(), stop)
            if ids is None:
                return
            yield from ids

    def end(self) -> None:
        """Break off what is running, and close the connections."""
        self._is_ending = True
        for helper in self._databases:
            helper.connection.interrupt()
        self._pool.shutdown(cancel_futures=True)
        self._opened.close()

    def _begin(self, piece: Parameters) -> "Future[Ids]":
        return self._pool.submit(self._look, piece)

    def _look(self, piece: Parameters) -> Ids:
        helper = self._idle.get()
        try:
            return [] if self._is_ending else self._scan.of(helper, piece)
        finally:
            self._idle.put(helper)


def _result(future: "Future[Ids]", stop: Stop) -> Ids | None:
    """Return what was found; None if it is to stop first."""
    while not stop():
        try:
            return future.result(ASKED_EVERY_S)
        except TimeoutError:
            continue
    return None
