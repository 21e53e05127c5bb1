"""From a model's name to its answer, with the errors that a client is to see."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from desktop_app.engine.backends.backend import (
    GeneratedPiece,
    GrammarError,
    GrammarUnavailableError,
    Model,
    ModelFileError,
    Sampling,
    TokenIds,
    ToolList,
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

    def fingerprint(self, *samplings: Sampling) -> str:
        """Return what the same answers to the same seed depend on, as `system_fingerprint`."""
        return self._model.fingerprint(sampling.runtime for sampling in samplings)

    async def settled(self, prompt: TokenIds, sampling: Sampling) -> Sampling:
        """Decide what is going to answer. Raises ApiError."""
        runtime = await self.run(lambda model: model.answered_by(len(prompt), sampling))
        return replace(sampling, runtime=runtime)

    async def run(self, work: Callable[[Model], T]) -> T:
        """Do something with the model. Raises ApiError."""
        with _told():
            return await self._model.run(self._adapter, work)

    async def prompt(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        add_generation_prompt: bool = True,
        tools: ToolList | None = None,
    ) -> TokenIds:
        """Return messages as tokens. Raises ApiError."""

        def encode(model: Model) -> TokenIds:
            text = model.render(messages, add_generation_prompt=add_generation_prompt, tools=tools)
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
                f"This model's maximum context length is {context} tokens. However, your {param}"
                f" resulted in {n_prompt} tokens. Please reduce the length of the {param}."
            )
            raise ApiError(400, message, param=param, code="context_length_exceeded")
        return min(wanted, context - n_prompt)

    async def checked(
        self, sampling: Sampling, grammar_param: str, *, must_hold: bool = True
    ) -> Sampling:
        """Refuse what the model cannot hold to, before it begins. Raises ApiError.

        A grammar that need not hold is left out where nothing here can hold to one.
        """
        if sampling.logit_bias:
            await self.run(lambda model: check_known(model, sampling.logit_bias, "logit_bias"))
        grammar = sampling.grammar
        if grammar is None:
            return sampling
        try:
            await self.run(lambda model: model.check_grammar(grammar))
        except GrammarUnavailableError as error:
            if not must_hold:
                return replace(sampling, grammar=None)
            message = (
                f"Unsupported parameter: '{grammar_param}' needs the package llguidance, which is"
                " not installed with this service."
            )
            raise ApiError(
                400, message, param=grammar_param, code="unsupported_parameter"
            ) from error
        except GrammarError as error:
            message = f"Invalid schema for '{grammar_param}': {error}"
            raise ApiError(400, message, param=grammar_param, code="invalid_json_schema") from error
        return sampling

    async def generate(
        self, prompt: TokenIds, sampling: Sampling
    ) -> AsyncGenerator[GeneratedPiece]:
        """Continue a prompt; closing the iterator stops. Raises ApiError."""
        with _told():
            async with aclosing(self._model.generate(self._adapter, prompt, sampling)) as pieces:
                try:
                    async for piece in pieces:
                        yield piece
                except GrammarError as error:
                    message = f"The reply could not be held to its grammar: {error}"
                    raise ApiError(400, message, code="grammar_too_complex") from error


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


async def while_awaited(
    request: Request, pieces: AsyncGenerator[GeneratedPiece]
) -> AsyncGenerator[GeneratedPiece]:
    """Yield pieces as long as somebody waits for the answer; then stop the model."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
            if await request.is_disconnected():
                return


def check_known(model: Model, tokens: Iterable[int], param: str) -> None:
    """Refuse numbers that stand for no token. Raises ApiError."""
    for token in sorted(set(tokens)):
        if not model.detokenize(np.array([token])):
            message = f"The model does not know the token {token}."
            raise ApiError(400, message, param=param)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what can go wrong with any model into what the client is told."""
    try:
        yield
    except NoMemoryError as error:
        raise _no_memory(str(error)) from error
    except MemoryError as error:
        raise _no_memory("There is not enough memory to answer.") from error
    except ModelFileError as error:
        raise _damaged(error) from error


def _damaged(error: ModelFileError) -> ApiError:
    message = f"The model cannot be used: {error}"
    return ApiError(500, message, type_=SERVER_ERROR, code="model_file_damaged")


def _no_memory(message: str) -> ApiError:
    return ApiError(503, message, type_=SERVER_ERROR, code="insufficient_memory")
