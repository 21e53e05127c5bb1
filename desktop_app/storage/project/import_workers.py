"""Processes that make the lines of a large file ready, while the program writes them.

They hold nothing that outlives them: whatever happens they are killed, and they end by themselves
when the program does.
"""

import gc
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import BinaryIO, Self

from desktop_app.core.examples.formats.format import Detected
from desktop_app.storage.project.preparing import Piece, Prepared, pieces, prepared

WORKERS = min(3, max(1, (os.cpu_count() or 1) - 1))
"""More would wait for the one thread that writes."""

AHEAD = 12
"""Pieces that each may have at a time: it works on while a transaction takes long."""

MOST_BYTES = 16 << 20
"""In pieces that are under way together; a longer one is under way alone."""

LOOKS_FOR_STOP = 0.05
"""Seconds between looks at the stop flag while a piece is awaited."""

OBJECTS = 100_000
"""New ones before a worker looks for garbage; there is hardly any that it needs to look for."""

_READY = "ready"


class ImportWorkers:
    """Some processes for one import. Leaving the `with` block ends them."""

    def __init__(self, detected: Detected, *, repair_mojibake: bool) -> None:
        self._detected = detected
        self._repair = repair_mojibake
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Start them; where none can be started, all is done here."""
        try:
            while len(self._workers) < WORKERS:
                self._workers.append(_Worker(self._detected, repair=self._repair))
        except OSError:
            pass
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

        What no worker has time for is done here. Raises ChildProcessError if one dies, and OSError.
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
                found = first if isinstance(first, Prepared) else first.take(stop)
                if found is None:
                    return
                yield found

    def _begin(self, piece: Piece) -> "_Worker | Prepared":
        for worker in self._workers[:]:
            if not worker.is_ready and worker.has_failed_to_start():
                self._workers.remove(worker)
                worker.end()
        free = [each for each in self._workers if each.is_ready and each.n_waiting < AHEAD]
        if not free:
            return prepared(piece, self._detected, repair_mojibake=self._repair)
        worker = min(free, key=lambda each: each.n_waiting)
        worker.give(piece)
        return worker


def _is_there(found: "_Worker | Prepared") -> bool:
    return isinstance(found, Prepared) or found.has_answered()


class _Worker:
    """One process, seen from the program."""

    def __init__(self, detected: Detected, *, repair: bool) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.is_ready = False
        self.n_waiting = 0
        self._process = context.Process(
            target=work, args=(theirs, detected, repair), name="import", daemon=True
        )
        try:
            self._process.start()
        except BaseException:
            self.connection.close()
            raise
        finally:
            theirs.close()

    def has_failed_to_start(self) -> bool:
        """Look whether it is ready by now, or will never be."""
        if not self.has_answered():
            return False
        try:
            self.is_ready = self.connection.recv() == _READY
        except (EOFError, OSError):
            return True
        return not self.is_ready

    def has_answered(self) -> bool:
        """Whether there is something to take, or nothing will come any more."""
        try:
            return self.connection.poll()
        except OSError:
            return True

    def give(self, piece: Piece) -> None:
        """Send a piece. Raises ChildProcessError."""
        try:
            self.connection.send(piece)
        except OSError as error:
            raise ChildProcessError("a process of the import has ended") from error
        self.n_waiting += 1

    def take(self, stop: Callable[[], bool]) -> Prepared | None:
        """Wait for the oldest piece; None when it is to stop. Raises ChildProcessError."""
        try:
            while not self.connection.poll(LOOKS_FOR_STOP):
                if stop():
                    return None
            found = self.connection.recv()
        except (EOFError, OSError) as error:
            raise ChildProcessError("a process of the import has ended") from error
        if not isinstance(found, Prepared):
            raise ChildProcessError(f"a process of the import failed: {found}")
        self.n_waiting -= 1
        return found

    def end(self) -> None:
        """End it, whatever it is doing."""
        self.connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def work(connection: "Connection[object, object]", detected: Detected, repair: bool) -> None:
    """Make pieces ready until there are no more: the whole life of a worker."""
    # Told to end in a terminal, the program ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS)
    inbox: SimpleQueue[Piece | None] = SimpleQueue()
    outbox: SimpleQueue[bytes | None] = SimpleQueue()
    # Neither side ever waits for the other to read before it writes.
    threading.Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    sending = threading.Thread(target=_send, args=(connection, outbox), daemon=True)
    sending.start()
    outbox.put(pickle.dumps(_READY))
    while (piece := inbox.get()) is not None:
        try:
            found: object = prepared(piece, detected, repair_mojibake=repair)
        except Exception as error:  # noqa: BLE001  # told to the program, without texts
            found = type(error).__name__
        outbox.put(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    outbox.put(None)
    sending.join()


def _receive(connection: "Connection[object, Piece]", inbox: "SimpleQueue[Piece | None]") -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        inbox.put(None)


def _send(connection: "Connection[object, object]", outbox: "SimpleQueue[bytes | None]") -> None:
    try:
        while (data := outbox.get()) is not None:
            connection.send_bytes(data)
    except OSError:
        # The program has ended; what is left is for nobody.
        return
