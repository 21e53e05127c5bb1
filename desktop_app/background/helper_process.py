"""A process beside the program for work that would hold up the window's interpreter."""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
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


class HelperGoneError(Exception):
    """A helper could not be started, has died, or could not do its work."""


def helpers_worth_starting() -> int:
    """Return how many helpers leave one core to the window, and at least one."""
    return max(1, (os.cpu_count() or 1) - 1)


class HelperProcesses(Generic[Batch, Answer]):
    """Processes that turn batches into answers by one function of a module without Qt.

    Each ends when this program does, whatever becomes of it: its pipe is closed then. To be used
    on one thread, in a `with` block. Raises HelperGoneError.
    """

    def __init__(self, work: Callable[[Batch], Answer], number: int) -> None:
        self._work = work
        self._number = number
        self._helpers: list[_Helper[Batch, Answer]] = []

    def __enter__(self) -> Self:
        # Anything may go wrong here: no memory, no process left, no access. All mean the same.
        try:
            for _ in range(self._number):
                self._helpers.append(_Helper(self._work))
        except (OSError, ValueError, RuntimeError) as error:
            self._end()
            raise HelperGoneError from error
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
        asked: deque[tuple[Batch, _Helper[Batch, Answer]]] = deque()
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


@dataclass(frozen=True)
class _Asked(Generic[Batch]):
    batch: Batch


@dataclass(frozen=True)
class _Answered(Generic[Answer]):
    answer: Answer


@dataclass(frozen=True)
class _Failed:
    kind: str


_Told = _Answered[Answer] | _Failed


class _Helper(Generic[Batch, Answer]):
    """One process and this end of its pipe."""

    def __init__(self, work: Callable[[Batch], Answer]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()

    def ask(self, batch: Batch) -> None:
        try:
            self._pipe.send(batch)
        except OSError as error:
            raise HelperGoneError from error

    def waits_for_answer(self, should_stop: Callable[[], bool]) -> bool:
        """Return True when there is an answer, False once nobody wants it."""
        try:
            while not should_stop():
                if self._pipe.poll(LOOK_EVERY_S):
                    return True
        except OSError as error:
            raise HelperGoneError from error
        return False

    def answer(self) -> Answer:
        """Return the answer to the batch that waits longest for one."""
        try:
            told: _Told[Answer] = self._pipe.recv()
        except (OSError, EOFError) as error:
            raise HelperGoneError from error
        if isinstance(told, _Failed):
            raise HelperGoneError(told.kind)
        return told.answer

    def end(self) -> None:
        self._pipe.close()
        # It may be in the middle of a batch that nobody wants any more.
        self._process.terminate()
        self._process.join()
        self._process.close()


def _serve(pipe: Connection, work: Callable[[Batch], Answer]) -> None:
    """Answer until the other end is closed. Runs in the helper."""
    # Whoever stops the program from a terminal stops this one too, by the closed pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(OBJECTS)
    if hasattr(os, "nice"):
        os.nice(NICER)
    batches: SimpleQueue[_Asked[Batch] | None] = SimpleQueue()
    # Read apart from the work: two that both write, and read later, would wait for ever.
    threading.Thread(target=_listen, args=(pipe, batches), daemon=True).start()
    with suppress(OSError):
        while (asked := batches.get()) is not None:
            pipe.send(_told(work, asked.batch))


def _listen(pipe: Connection, batches: "SimpleQueue[_Asked[Batch] | None]") -> None:
    with suppress(EOFError, OSError):
        while True:
            batches.put(_Asked(pipe.recv()))
    batches.put(None)


def _told(work: Callable[[Batch], Answer], batch: Batch) -> "_Told[Answer]":
    try:
        return _Answered(work(batch))
    except Exception as error:  # noqa: BLE001  # told by its kind alone: it may quote texts
        return _Failed(type(error).__name__)
