"""Helpers that make the lines of a large file ready, while the program writes them."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from types import TracebackType
from typing import BinaryIO, Self

from desktop_app.background.helper_process import Helper, HelperGoneError
from desktop_app.core.examples.formats.format import Detected
from desktop_app.storage.project.preparing import Piece, Prepared, pieces, prepared

WORKERS = min(3, max(1, (os.cpu_count() or 1) - 1))
"""More would wait for the one thread that writes."""

AHEAD = 12
"""Pieces that each may have at a time: it works on while a transaction takes long."""

MOST_BYTES = 16 << 20
"""In pieces that are under way together; a longer one is under way alone."""

_Worker = Helper[Piece, Prepared]


class ImportWorkers:
    """Some processes for one import. Leaving the `with` block ends them."""

    def __init__(self, detected: Detected, *, repair_mojibake: bool) -> None:
        self._detected = detected
        self._prepare = partial(prepared, detected=detected, repair_mojibake=repair_mojibake)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Start them; where none can be started, all is done here."""
        with suppress(HelperGoneError):
            while len(self._workers) < WORKERS:
                self._workers.append(Helper(self._prepare))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._workers:
            self._workers.pop().end()

    def prepared(self, file: BinaryIO, stop: Callable[[], bool]) -> Iterator[Prepared]:
        """Yield what becomes of a file that is open at its beginning, in its order, until `stop`.

        What no worker has time for is done here. Raises HelperGoneError if one dies, and OSError.
        """
        under_way: deque[tuple[int, _Worker | Prepared]] = deque()
        n_bytes = 0
        for piece in chain(pieces(file, self._detected), [None]):
            if piece is not None:
                n_bytes += len(piece.data)
                under_way.append((len(piece.data), self._begin(piece)))
            while under_way and (
                piece is None
                or len(under_way) > 2 * AHEAD * WORKERS
                or n_bytes > MOST_BYTES
                or _is_there(under_way[0][1])
            ):
                size, first = under_way.popleft()
                n_bytes -= size
                if isinstance(first, Prepared):
                    yield first
                elif first.waits_for_answer(stop):
                    yield first.answer()
                else:
                    return

    def _begin(self, piece: Piece) -> _Worker | Prepared:
        free = [each for each in self._ready() if each.n_unanswered < AHEAD]
        if not free:
            return self._prepare(piece)
        worker = min(free, key=lambda each: each.n_unanswered)
        worker.ask(piece)
        return worker

    def _ready(self) -> Iterator[_Worker]:
        """Yield those that have started; one that never will is let go."""
        for worker in self._workers[:]:
            try:
                if worker.is_ready():
                    yield worker
            except HelperGoneError:
                self._workers.remove(worker)
                worker.end()


def _is_there(found: _Worker | Prepared) -> bool:
    return isinstance(found, Prepared) or found.has_answered()
