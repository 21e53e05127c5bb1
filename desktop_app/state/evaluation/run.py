"""The work of an evaluation on the asyncio thread: ask each model about each case."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from desktop_app.background.call import AsyncWork, Report
from desktop_app.core.evaluation.metrics import ReplyLoss
from desktop_app.core.evaluation.report import Outcome
from desktop_app.provider.provider import ChatRequest, ErrorKind, Provider, ProviderError
from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.evaluation.test_set import TestCase
from desktop_app.storage.settings import THIS_COMPUTER

AT_ONCE = 4
"""Requests under way at a service; on this computer they would only slow each other down."""
PATIENCE = 5
"""How often a request is sent again after the service asked for fewer."""
WAIT = 20.0
"""Seconds before that where the service names none."""
IN_A_ROW = 3
"""So many failures one after the other are no longer about single conversations."""
SINGLE = frozenset({ErrorKind.REFUSED, ErrorKind.SERVICE_FAULT, ErrorKind.TIMED_OUT})
"""What may be the matter with one conversation, such as one that is too long for the model."""

OpenProvider = Callable[[str], Awaitable[Provider]]
"""Gives the provider of a connection. Raises ProviderError."""


@dataclass(frozen=True)
class Errand:
    """One case for one model, by its place among the models."""

    model: int
    case: TestCase


@dataclass(frozen=True)
class Measured:
    """What came of an errand."""

    model: int
    key: str
    outcome: Outcome


def evaluating(
    open_provider: OpenProvider,
    models: Sequence[ModelChoice],
    errands: Sequence[Errand],
    wait: float = WAIT,
) -> AsyncWork:
    """The work that reports a Measured for every errand. Fails with ProviderError."""

    async def work(report: Report) -> None:
        providers = [await open_provider(model.connection) for model in models]
        local = any(model.connection == THIS_COMPUTER for model in models)
        runner = _Runner(providers, models, report, wait)
        queue = iter(errands)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(1 if local else AT_ONCE):
                    group.create_task(runner.work_off(queue))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    return work


class _Runner:
    def __init__(
        self,
        providers: Sequence[Provider],
        models: Sequence[ModelChoice],
        report: Report,
        wait: float,
    ) -> None:
        self._providers = providers
        self._models = models
        self._report = report
        self._wait = wait
        self._failures = 0

    async def work_off(self, queue: Iterator[Errand]) -> None:
        for errand in queue:
            outcome = await self._patiently(errand)
            self._report(Measured(errand.model, errand.case.case.key, outcome))

    async def _patiently(self, errand: Errand) -> Outcome:
        for attempt in range(PATIENCE + 1):
            try:
                outcome = await self._measure(errand)
            except ProviderError as error:
                if error.kind == ErrorKind.TOO_MANY_REQUESTS and attempt < PATIENCE:
                    await asyncio.sleep(error.retry_after or self._wait)
                    continue
                self._failures += 1
                if error.kind not in SINGLE or self._failures >= IN_A_ROW:
                    raise
                return Outcome(problem=str(error.kind))
            self._failures = 0
            return outcome
        raise AssertionError("the last attempt returns or raises")

    async def _measure(self, errand: Errand) -> Outcome:
        provider, model = self._providers[errand.model], self._models[errand.model].model
        loss = await _loss(provider, model, errand.case)
        started = time.monotonic()
        reply, was_cut = await _reply(provider, model, errand.case, loss)
        return Outcome(
            loss=None if loss is None else loss.total,
            tokens=0 if loss is None else loss.tokens,
            reply=reply,
            seconds=time.monotonic() - started,
            was_cut=was_cut,
        )


async def _loss(provider: Provider, model: str, case: TestCase) -> ReplyLoss | None:
    if not provider.capabilities.scores:
        return None
    score = await provider.score(model, case.context, case.wanted, case.tools)
    return ReplyLoss.of(score.logprobs)


async def _reply(
    provider: Provider, model: str, case: TestCase, loss: ReplyLoss | None
) -> tuple[str, bool]:
    """Return the likeliest reply, and whether it went on past what could be the wanted one."""
    request = ChatRequest(
        model=model,
        messages=case.context,
        temperature=0.0,
        max_tokens=longest_reply(case.case.wanted, loss),
    )
    parts: list[str] = []
    finish_reason: str | None = None
    async for delta in provider.chat(request):
        parts.append(delta.text)
        finish_reason = delta.finish_reason or finish_reason
    return "".join(parts), finish_reason == "length"


def longest_reply(wanted: str, loss: ReplyLoss | None) -> int:
    """Tokens enough for the wanted reply and half as much again; longer ones waste time and money.

    Where the tokens are not known, a token is taken to be two bytes at least.
    """
    tokens = loss.tokens if loss is not None else len(wanted.encode()) // 2
    return tokens + tokens // 2 + 32
