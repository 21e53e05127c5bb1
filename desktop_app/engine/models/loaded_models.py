"""Base models in memory: loaded when first asked, let go of when nobody asks any more."""

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from desktop_app import __version__
from desktop_app.engine.backends.backend import GeneratedPiece, Model, Sampling, TokenIds
from desktop_app.engine.backends.llama_cpp.answering import Answering
from desktop_app.engine.backends.llama_cpp.model import LlamaCppModel
from desktop_app.engine.machine import Machine
from desktop_app.engine.memory import give_memory_back
from desktop_app.engine.models.model_list import ModelFiles

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
TURN_SECONDS = 0.1
"""How long one reply is worked on while others wait."""

P = ParamSpec("P")
T = TypeVar("T")


class NoMemoryError(Exception):
    """A model does not fit into memory now; the text is meant for the user."""


class _Answer:
    """A reply that is made in turns on the model's thread, and read on the event loop."""

    def __init__(self, begin: Callable[[], Iterator[GeneratedPiece]]) -> None:
        self._begin = begin
        self._making: Iterator[GeneratedPiece] | None = None
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[GeneratedPiece | BaseException | None] = asyncio.Queue()
        self._unwanted = threading.Event()

    async def pieces(self) -> AsyncGenerator[GeneratedPiece]:
        """Yield what is made; raise what making it raised."""
        while (made := await self._made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made

    def give_up(self) -> None:
        """Nobody reads it any more."""
        self._unwanted.set()

    def go_on(self, seconds: float) -> bool:
        """Make more of it, on the model's thread, for so long; return whether there is more."""
        until = time.monotonic() + seconds
        if self._making is None and not self._unwanted.is_set():
            self._making = self._begin()
        for piece in self._making or ():
            if self._unwanted.is_set():
                log.info("generation stopped after %d tokens", piece.completion_tokens)
                break
            if piece.says_nothing:
                return True  # it waits for something: the others may go on
            self.tell(piece)
            if time.monotonic() >= until:
                return True
        return False

    def end(self, error: BaseException | None = None) -> None:
        """Tell the reader that nothing more comes."""
        self._making = None  # what is not at its end yet is closed here, not on another thread
        self.tell(error)

    def tell(self, made: GeneratedPiece | BaseException | None) -> None:
        """Hand something to the reader: None is the end."""
        # A loop that is closed has no readers any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._made.put_nowait, made)


class LoadedModel:
    """One base model and the one thread that works with it: replies take turns on it."""

    def __init__(self, machine: Machine, path: Path, answering: Answering | None = None) -> None:
        self._machine = machine
        self._path = path
        self._answering = answering
        self._model: Model | None = None
        self._used_at = time.monotonic()
        self._answers: set[_Answer] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{path.stem}")

    def fingerprint(self, runtimes: Iterable[str]) -> str:
        """Return what changes with all that the answer to a seed depends on, beside the model.

        `runtimes` are those that answer, '' for the default.
        """
        others = sorted({runtime for runtime in runtimes if runtime})
        machine, name = self._machine, self._path.name
        parts = (__version__, machine.backend.name, np.__version__, machine.threads, name, *others)
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()
        return f"fp_{digest[:10]}"

    async def run(self, adapter: Path | None, work: Callable[[Model], T]) -> T:
        """Do something with the model under an adapter.

        Raises ModelFileError, NoMemoryError and what `work` raises.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, adapter, work)

    async def generate(
        self, adapter: Path | None, prompt: TokenIds, sampling: Sampling
    ) -> AsyncGenerator[GeneratedPiece]:
        """Yield the continuation as it comes; closing the iterator stops within a token."""

        def begin() -> Iterator[GeneratedPiece]:
            return self._run(adapter, lambda model: model.generate(prompt, sampling))

        answer = _Answer(begin)
        self._answers.add(answer)
        self._queue(answer)
        try:
            async for piece in answer.pieces():
                yield piece
        finally:
            answer.give_up()

    def release_if_idle(self, seconds: float) -> Future[None]:
        """Forget the weights, behind whatever waits, if nobody used them for so long."""
        released: Future[None] = Future()
        # Without waiting for its turn: this is asked every second, also while replies are made.
        # With 0 it waits all the same, for a model that is being loaded as well.
        nothing = self._model is None or time.monotonic() - self._used_at < seconds
        if (seconds > 0 and nothing) or not self._submit(self._release, seconds, released):
            released.set_result(None)
        return released

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._thread.shutdown(cancel_futures=True)
        self._let_go()
        for answer in list(self._answers):
            answer.give_up()
            answer.tell(asyncio.CancelledError())

    def _run(self, adapter: Path | None, work: Callable[[Model], T]) -> T:
        if self._model is None:
            self._model = self._load()
        try:
            self._model.use_adapter(adapter)
            return work(self._model)
        finally:
            self._used_at = time.monotonic()

    def _load(self) -> Model:
        answering = self._answering
        if answering is None or answering.why_not_for(self._path) is not None:
            return self._load_default()
        return LlamaCppModel(self._path, answering, self._load_default, self._submit)

    def _load_default(self) -> Model:
        lacking = self._machine.lacks_memory(self._path, training=False)
        if lacking:
            raise NoMemoryError(lacking)
        return self._machine.backend.load(self._path)

    def _let_go(self) -> None:
        if isinstance(self._model, LlamaCppModel):
            self._model.close()
        self._model = None

    def _submit(self, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Line up work; return whether the thread still takes any."""
        try:
            self._thread.submit(work, *args, **kwargs)
        except RuntimeError:
            return False
        return True

    def _queue(self, answer: _Answer) -> None:
        if not self._submit(self._turn, answer):
            self._finish(answer, asyncio.CancelledError())

    def _turn(self, answer: _Answer) -> None:
        """Work on a reply for a while, then line it up behind the others."""
        try:
            if answer.go_on(TURN_SECONDS):
                self._queue(answer)
            else:
                self._finish(answer)
        except Exception as error:  # noqa: BLE001  # whoever asked must hear of it, whatever it is
            self._finish(answer, error)
        finally:
            self._used_at = time.monotonic()

    def _finish(self, answer: _Answer, error: BaseException | None = None) -> None:
        self._answers.discard(answer)
        answer.end(error)
        if not self._answers and isinstance(self._model, LlamaCppModel):
            self._model.rest()

    def _release(self, seconds: float, released: Future[None]) -> None:
        if self._answers and self._submit(self._release, seconds, released):
            return  # behind the replies that are being made
        if self._model is not None and time.monotonic() - self._used_at >= seconds:
            self._let_go()
            give_memory_back()
            log.info("released a model that nobody used")
        released.set_result(None)


class LoadedModels:
    """A thread a base model. Used from the event loop, but for `release_idle`."""

    def __init__(self, machine: Machine, answering: Answering | None = None) -> None:
        self._machine = machine
        self._answering = answering
        self._lock = threading.Lock()
        self._models: dict[Path, LoadedModel] = {}

    def of(self, files: ModelFiles) -> LoadedModel:
        """Return the base model's thread."""
        with self._lock:
            if files.base not in self._models:
                loaded = LoadedModel(self._machine, files.base, self._answering)
                self._models[files.base] = loaded
            return self._models[files.base]

    def release_idle(self, seconds: float = IDLE_SECONDS, *, patience: float = 0.0) -> None:
        """Let go of what nobody used for so long; wait for it at most as long as `patience`."""
        with self._lock:
            released = [model.release_if_idle(seconds) for model in self._models.values()]
        wait(released, timeout=patience)

    def close(self) -> None:
        """End all threads."""
        for model in self._models.values():
            model.close()
