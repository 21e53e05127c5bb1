"""How saving a model is asked of the engine, and what its answers mean."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from desktop_app.provider.connections.engine_address import EngineAddress
from desktop_app.provider.connections.this_computer_exports import (
    ExportForm,
    ExportOrder,
    export,
    export_forms,
)
from desktop_app.provider.provider import ErrorKind, ProviderError
from tests.provider.conftest import Ask
from tests.provider.scripted_service import Answer, ScriptedService, error

ORDER = ExportOrder("ft:a b:x", "merged", "/home/me", title="T", data="D")
EXPORTS, ONE = "/engine/exports", "/engine/exports/export-1"


def told(status: str, done: int = 0, **more: object) -> Answer:
    body: dict[str, Any] = {"id": "export-1", "status": status, "path": "/home/me/m"}
    return Answer({**body, "bytes": 10, "bytes_done": done, "surprise": 1, **more}, 200)


@pytest.fixture
def address(service: ScriptedService) -> EngineAddress:
    return EngineAddress(service.base_url, 1, "token-0123456789")


def test_forms_are_asked_for_by_name(
    service: ScriptedService, address: EngineAddress, ask: Ask[list[ExportForm]]
) -> None:
    form = {"kind": "merged", "name": "m", "bytes": 10}
    service.on("GET /engine/export-forms", Answer({"data": [form]}))
    assert ask(export_forms(address, "ft:a b&c")) == [ExportForm("merged", "m", 10)]
    (sent,) = service.requests
    assert sent.query == "model=ft%3Aa%20b%26c"
    assert sent.headers["authorization"] == "Bearer token-0123456789"


def test_an_order_is_followed_to_its_end(
    service: ScriptedService, address: EngineAddress, ask: Ask[Path]
) -> None:
    service.on(f"POST {EXPORTS}", told("queued"))
    service.on(f"GET {ONE}", told("running", 4), told("succeeded", 10))
    seen: list[tuple[int, int]] = []
    path = ask(export(address, ORDER, lambda done, total: seen.append((done, total))))
    assert path == Path("/home/me/m")
    assert seen == [(0, 10), (4, 10)]
    assert service.requests[0].json == {
        "model": "ft:a b:x",
        "kind": "merged",
        "folder": "/home/me",
        "replace": False,
        "title": "T",
        "data": "D",
    }


def test_giving_up_is_told_to_the_engine(
    service: ScriptedService, address: EngineAddress, ask: Ask[None]
) -> None:
    service.on(f"POST {EXPORTS}", told("running"))
    service.on(f"GET {ONE}", told("running", 1))
    service.on(f"DELETE {ONE}", told("running", 1))

    async def give_up() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(export(address, ORDER, lambda *_: begun.set()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    ask(give_up())
    assert len(service.sent(f"DELETE {ONE}")) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (error(409, "m is there already."), ErrorKind.REFUSED, "m is there already."),
        (error(507, "No space.", "insufficient_storage"), ErrorKind.SERVICE_FAULT, "No space."),
        (Answer({"id": 3}), ErrorKind.SERVICE_FAULT, ""),
        (
            told("failed", error={"code": "x", "message": "The disk is full."}),
            ErrorKind.REFUSED,
            "The disk is full.",
        ),
        (told("cancelled"), ErrorKind.REFUSED, "cancelled"),
    ],
    ids=["taken", "no space", "strange", "failed", "cancelled"],
)
def test_what_goes_wrong(
    service: ScriptedService,
    address: EngineAddress,
    ask: Ask[Path],
    answer: Answer,
    kind: ErrorKind,
    detail: str,
) -> None:
    service.on(f"POST {EXPORTS}", answer)
    with pytest.raises(ProviderError) as caught:
        ask(export(address, ORDER, lambda *_: None))
    assert caught.value.kind is kind
    assert detail in caught.value.detail
    assert len(service.requests) == 1
