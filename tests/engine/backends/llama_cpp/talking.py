"""Talks with loaded models as the service does."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.engine.backends.backend import GeneratedPiece, Sampling
from desktop_app.engine.backends.llama_cpp.answering import Answering
from desktop_app.engine.backends.llama_cpp.model import LlamaCppModel
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.loaded_models import LoadedModels
from desktop_app.engine.models.model_list import ModelFiles

GREEDY = Sampling(temperature=0.0, max_tokens=12)


@dataclass(frozen=True)
class Said:
    """A reply, and what it came from."""

    runtime: str
    fingerprint: str
    text: str
    tokens: int
    finish_reason: str | None
    pieces: list[GeneratedPiece]


class Talk:
    """A base model that is asked."""

    def __init__(self, base: Path, answering: Answering | None) -> None:
        self.models = LoadedModels(Machine(NumpyLlamaBackend(), 1, lambda: 2**40), answering)
        self.base = base
        self.loaded = self.models.of(ModelFiles(base, None))

    @property
    def model(self) -> LlamaCppModel:
        assert isinstance(self.loaded._model, LlamaCppModel)
        return self.loaded._model

    def say(
        self, sampling: Sampling = GREEDY, adapter: Path | None = None, text: str = "the rain"
    ) -> Said:
        """Ask and wait for the whole reply."""
        return asyncio.run(self.reply(sampling, adapter, text))

    async def reply(self, sampling: Sampling, adapter: Path | None, text: str) -> Said:
        """Ask as the API does."""
        prompt = await self.loaded.run(adapter, lambda model: model.tokenize(text))
        runtime = await self.loaded.run(
            adapter, lambda model: model.answered_by(len(prompt), sampling)
        )
        settled = replace(sampling, runtime=runtime)
        pieces = [piece async for piece in self.loaded.generate(adapter, prompt, settled)]
        return Said(
            runtime,
            self.loaded.fingerprint([runtime]),
            "".join(piece.text for piece in pieces),
            pieces[-1].completion_tokens,
            pieces[-1].finish_reason,
            pieces,
        )

    def try_out(self) -> None:
        """Wait for the end of a trial."""

        async def judged() -> None:
            while (trial := await self.loaded.run(None, lambda _: self.model._trial)) is not None:
                await asyncio.to_thread(trial.join)

        asyncio.run(judged())


@contextmanager
def talk(base: Path, answering: Answering | None) -> Iterator[Talk]:
    """Load a model and let it go."""
    talking = Talk(base, answering)
    try:
        yield talking
    finally:
        talking.models.close()
