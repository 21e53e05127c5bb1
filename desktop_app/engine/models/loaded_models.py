"""Base models in memory: loaded when first asked, let go of when nobody asks any more."""

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import numpy as np

from desktop_app import __version__
from desktop_app.engine.backends.backend import GeneratedPiece, Model, Sampling, TokenIds
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.model_list import ModelFiles

log = logging.getLogger(__name__)

IDLE_SECONDS = 300.0

T = TypeVar("T")


class NoMemoryError(Exception):
    """A model does not fit into memory now; the text is meant for the user."""


class LoadedModel:
    """One base model and the one thread that works with it: a queue of one request at a time.

    `fingerprint` changes with what the answer to a seed depends on, beside the model asked for.
    """

    def __init__(self, machine: Machine, path: Path) -> None:
        self._machine = machine
        self._path = path
        self._model: Model | None = None
        self._used_at = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{path.stem}")
        parts = (__version__, machine.backend.name, np.__version__, machine.threads, path.name)
        digest = hashlib.sha256(repr(parts).encode()).hexdigest()
        self.fingerprint = f"fp_{digest[:10]}"

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
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[GeneratedPiece | None] = asyncio.Queue()
        stop = threading.Event()

        def produce(model: Model) -> None:
            for piece in model.generate(prompt, sampling):
                if stop.is_set():
                    log.info("generation stopped after %d tokens", piece.completion_tokens)
                    return
                loop.call_soon_threadsafe(queue.put_nowait, piece)

        producing = loop.run_in_executor(self._thread, self._run, adapter, produce)
        producing.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (piece := await queue.get()) is not None:
                yield piece
            await producing
        finally:
            stop.set()
            producing.cancel()

    def release_if_idle(self, seconds: float) -> Future[None]:
        """Forget the weights, behind whatever waits, if nobody used them for so long."""
        return self._thread.submit(self._release, seconds)

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._thread.shutdown(cancel_futures=True)

    def _run(self, adapter: Path | None, work: Callable[[Model], T]) -> T:
        if self._model is None:
            lacking = self._machine.lacks_memory(self._path, training=False)
            if lacking:
                raise NoMemoryError(lacking)
            self._model = self._machine.backend.load(self._path)
        try:
            self._model.use_adapter(adapter)
            return work(self._model)
        finally:
            self._used_at = time.monotonic()

    def _release(self, seconds: float) -> None:
        if self._model is not None and time.monotonic() - self._used_at >= seconds:
            self._model = None
            log.info("released a model that nobody used")


class LoadedModels:
    """A thread a base model. Used from the event loop, but for `release_idle`."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lock = threading.Lock()
        self._models: dict[Path, LoadedModel] = {}

    def of(self, files: ModelFiles) -> LoadedModel:
        """Return the base model's thread."""
        with self._lock:
            if files.base not in self._models:
                self._models[files.base] = LoadedModel(self._machine, files.base)
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
