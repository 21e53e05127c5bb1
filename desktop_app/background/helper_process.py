"""A process beside the program for work that would hold up the window's interpreter."""

import gc
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

Batch = TypeVar("Batch")
Answer = TypeVar("Answer")

WAITING = 2
"""Batches on their way to one helper: while it works at one, the next is there already."""

LOOK_EVERY_S = 0.05
"""So often a wait is broken off to ask whether anybody still wants the answer."""

NICER = 5
OBJECTS = 100_000
"""New ones before a helper looks for garbage; there is hardly any that it needs to look for."""

_READY = "ready"
_GONE = "a helper process has ended"


class HelperGoneError(ChildProcessError):
    """A helper could not be started, has died, or could not do its work."""


def helpers_worth_starting() -> int:
    """Return how many helpers leave one core to the window, and at least one."""
    return max(1, (os.cpu_count() or 1) - 1)


class HelperProcesses(Generic[Batch, Answer]):
    """Processes that turn batches into answers by one function of a module without Qt.

    To be used on one thread, in a `with` block. Raises HelperGoneError.
    """

    def __init__(self, work: Callable[[Batch], Answer], number: int) -> None:
        self._work = work
        self._number = number
        self._helpers: list[Helper[Batch, Answer]] = []

    def __enter__(self) -> Self:
        try:
            for _ in range(self._number):
                self._helpers.append(Helper(self._work))
        except HelperGoneError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def answers(
        self, batches: Iterable[Batch], should_stop: Callable[[], bool]
    ) -> Iterator[tuple[Batch, Answer]]:
        """Yield each batch with its answer, in order, until `should_stop` says so."""
        asked: deque[tuple[Batch, Helper[Batch, Answer]]] = deque()
        turn = 0
        for batch in batches:
            helper = self._helpers[turn % self._number]
            turn += 1
            helper.ask(batch)
            asked.append((batch, helper))
            if len(asked) < WAITING * self._number:
                continue
            if not asked[0][1].waits_for_answer(should_stop):
                return
            first, answering = asked.popleft()
            yield first, answering.answer()
        while asked and asked[0][1].waits_for_answer(should_stop):
            first, answering = asked.popleft()
            yield first, answering.answer()

    def _end(self) -> None:
        for helper in self._helpers:
            helper.end()
        self._helpers.clear()


class Helper(Generic[Batch, Answer]):
    """One process that turns batches into answers; all it does may raise HelperGoneError.

    It ends when this program does, whatever becomes of it: its pipe is closed then.
    """

    def __init__(self, work: Callable[[Batch], Answer]) -> None:
        self.n_unanswered = 0
        self._is_ready = False
        # Anything may go wrong here: no memory, no process left, no access. All mean the same.
        try:
            self._pipe, self._process = _started(work)
        except (OSError, ValueError, RuntimeError) as error:
            raise HelperGoneError("a helper process could not be started") from error

    def is_ready(self, seconds: float = 0) -> bool:
        """Whether it takes what it is asked at once, now or within so many seconds."""
        if not self._is_ready and self._has_told(seconds):
            self._told()
            self._is_ready = True
        return self._is_ready

    def ask(self, batch: Batch) -> None:
        """Send a batch. Of one that is not ready it may have to be waited for."""
        try:
            self._pipe.send(batch)
        except OSError as error:
            raise HelperGoneError(_GONE) from error
        self.n_unanswered += 1

    def has_answered(self, seconds: float = 0) -> bool:
        """Whether there is an answer, now or within so many seconds."""
        return self.is_ready(seconds) and self._has_told(seconds)

    def waits_for_answer(self, should_stop: Callable[[], bool]) -> bool:
        """Return True when there is an answer, False once nobody wants it."""
        while not should_stop():
            if self.has_answered(LOOK_EVERY_S):
                return True
        return False

    def answer(self) -> Answer:
        """Return the answer to the batch that waits longest for one, once there is one."""
        told: object = self._told()
        if not isinstance(told, _Answered):
            raise HelperGoneError(f"a helper process failed: {told}")
        self.n_unanswered -= 1
        answer: Answer = told.answer
        return answer

    def end(self) -> None:
        """End it, even in the middle of a batch."""
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    def _has_told(self, seconds: float) -> bool:
        try:
            return self._pipe.poll(seconds)
        except OSError as error:
            raise HelperGoneError(_GONE) from error

    def _told(self) -> object:
        try:
            return self._pipe.recv()
        except (OSError, EOFError) as error:
            raise HelperGoneError(_GONE) from error


def _started(work: Callable[[Batch], object]) -> "tuple[Connection[Batch, object], SpawnProcess]":
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, work), name="helper", daemon=True)
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours, process


@dataclass(frozen=True)
class _Asked(Generic[Batch]):
    batch: Batch


@dataclass(frozen=True)
class _Answered(Generic[Answer]):
    answer: Answer


def serve(pipe: "Connection[object, Batch]", work: Callable[[Batch], object]) -> None:
    """Answer until the other end is closed: the whole life of a helper."""
    # Whoever stops the program from a terminal stops this one too, by the closed pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS)
    if hasattr(os, "nice"):
        os.nice(NICER)
    asked: SimpleQueue[_Asked[Batch] | None] = SimpleQueue()
    told: SimpleQueue[bytes | None] = SimpleQueue()
    # Read and written apart from the work: neither side waits for the other to read.
    closed = threading.Event()
    threading.Thread(target=_listen, args=(pipe, asked, closed), daemon=True).start()
    telling = threading.Thread(target=_tell, args=(pipe, told), daemon=True)
    telling.start()
    told.put(pickle.dumps(_READY))
    # What is still asked when the other end is closed would be answered to nobody.
    while (each := asked.get()) is not None and not closed.is_set():
        told.put(pickle.dumps(_answered(work, each.batch), pickle.HIGHEST_PROTOCOL))
    told.put(None)
    telling.join()


def _listen(
    pipe: "Connection[object, Batch]",
    asked: "SimpleQueue[_Asked[Batch] | None]",
    closed: threading.Event,
) -> None:
    with suppress(EOFError, OSError):
        while True:
            asked.put(_Asked(pipe.recv()))
    closed.set()
    asked.put(None)


def _tell(pipe: "Connection[object, object]", told: "SimpleQueue[bytes | None]") -> None:
    # Once the program has ended, what is left is for nobody.
    with suppress(OSError):
        while (data := told.get()) is not None:
            pipe.send_bytes(data)


def _answered(work: Callable[[Batch], object], batch: Batch) -> object:
    try:
        return _Answered(work(batch))
    except Exception as error:  # noqa: BLE001  # told by its kind alone: it may quote texts
        return type(error).__name__
