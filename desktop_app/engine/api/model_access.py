"""From a model's name to its answer, with the errors that a client is to see."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from desktop_app.engine.backends.backend import (
    GeneratedPiece,
    Model,
    ModelFileError,
    Sampling,
    TokenIds,
)
from desktop_app.engine.errors import SERVER_ERROR, ApiError
from desktop_app.engine.models.loaded_models import LoadedModels, NoMemoryError
from desktop_app.engine.models.model_list import ModelFiles, ModelList
from desktop_app.engine.store.table import UnknownIdError

T = TypeVar("T")


class Session:
    """One request's hold on one model."""

    def __init__(self, loaded: LoadedModels, files: ModelFiles) -> None:
        self._model = loaded.of(files)
        self._adapter = files.adapter

    async def run(self, work: Callable[[Model], T]) -> T:
        """Do something with the model. Raises ApiError."""
        try:
            return await self._model.run(self._adapter, work)
        except NoMemoryError as error:
            raise _no_memory(str(error)) from error
        except MemoryError as error:
            raise _no_memory("There is not enough memory to answer.") from error
        except ModelFileError as error:
            raise _damaged(error) from error

    async def prompt(
        self, messages: Sequence[dict[str, Any]], *, add_generation_prompt: bool = True
    ) -> TokenIds:
        """Return messages as tokens. Raises ApiError."""

        def encode(model: Model) -> TokenIds:
            text = model.render(messages, add_generation_prompt=add_generation_prompt)
            return model.tokenize(text)

        try:
            return await self.run(encode)
        except ValueError as error:
            message = "The model's chat template cannot put these messages into words."
            raise ApiError(400, message, param="messages") from error

    async def room(self, n_prompt: int, wanted: int, param: str) -> int:
        """Return how many tokens may follow a prompt. Raises ApiError if none may."""
        context = await self.run(lambda model: model.context_tokens)
        if n_prompt >= context:
            message = (
                f"This model's maximum context length is {context} tokens,"
                f" and the messages have {n_prompt}. Shorten them."
            )
            raise ApiError(400, message, param=param, code="context_length_exceeded")
        return min(wanted, context - n_prompt)

    def generate(self, prompt: TokenIds, sampling: Sampling) -> AsyncGenerator[GeneratedPiece]:
        """Continue a prompt; closing the iterator stops."""
        return self._model.generate(self._adapter, prompt, sampling)


class ModelAccess:
    """Opens sessions."""

    def __init__(self, models: ModelList, loaded: LoadedModels) -> None:
        self._models = models
        self._loaded = loaded

    async def session(self, model: str) -> Session:
        """Return a session with a model. Raises ApiError."""
        try:
            files = await run_in_threadpool(self._models.files, model)
        except UnknownIdError as error:
            message = f"The model `{model[:300]}` does not exist."
            raise ApiError(404, message, param="model", code="model_not_found") from error
        except ModelFileError as error:
            raise _damaged(error) from error
        return Session(self._loaded, files)


async def collect(request: Request, pieces: AsyncGenerator[GeneratedPiece]) -> GeneratedPiece:
    """Return the whole reply as one piece; stop when nobody waits for it any more."""
    text, last = "", GeneratedPiece("", 0)
    async with aclosing(pieces):
        async for last in pieces:
            text += last.text
            if await request.is_disconnected():
                break
    return GeneratedPiece(text, last.completion_tokens, last.finish_reason)


def _damaged(error: ModelFileError) -> ApiError:
    message = f"The model cannot be used: {error}"
    return ApiError(500, message, type_=SERVER_ERROR, code="model_file_damaged")


def _no_memory(message: str) -> ApiError:
    return ApiError(503, message, type_=SERVER_ERROR, code="insufficient_memory")
