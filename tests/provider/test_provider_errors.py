import traceback

import pytest

from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import Capabilities, ErrorKind, ProviderError
from tests.provider.conftest import KEY, Ask
from tests.provider.scripted_service import Answer, ScriptedService, error

MODELS = "GET /v1/models"
HTML = {"content-type": "text/html"}


def failure(ask: Ask[object], provider: OpenAIProvider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(provider.models())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert KEY not in shown
    return caught.value


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("answer", "kind", "detail", "tries"),
    [
        (error(400, "bad suffix"), ErrorKind.REFUSED, "bad suffix", 1),
        (error(401, "no", "invalid_api_key"), ErrorKind.WRONG_KEY, "no", 1),
        (error(401, "no"), ErrorKind.WRONG_KEY, "no", 1),
        (error(401, "no", "missing_scope"), ErrorKind.NOT_ALLOWED, "no", 1),
        (error(401, "no", "ip_not_authorized"), ErrorKind.NOT_ALLOWED, "no", 1),
        (error(402, "pay"), ErrorKind.NO_CREDIT, "pay", 1),
        (error(403, "no", "unsupported_country"), ErrorKind.NOT_ALLOWED, "no", 1),
        (error(403, "over", "training_not_available"), ErrorKind.TRAINING_CLOSED, "over", 1),
        (error(404, "No such job"), ErrorKind.NOT_FOUND, "No such job", 1),
        (error(404, "Invalid URL (GET /v1/x)"), ErrorKind.NOT_OFFERED, "Invalid URL", 1),
        (Answer("404 page not found", 404), ErrorKind.NOT_OFFERED, "404 page not found", 1),
        (Answer({"detail": "Not Found"}, 404), ErrorKind.NOT_OFFERED, "404", 1),
        (Answer("", 405), ErrorKind.NOT_OFFERED, "405", 1),
        (error(409, "busy"), ErrorKind.REFUSED, "busy", 3),
        (Answer("<html>", 413, HTML), ErrorKind.REFUSED, "413 Whatever", 1),
        (error(422, "what"), ErrorKind.REFUSED, "what", 1),
        (error(429, "slow", "rate_limit_exceeded", "tokens"), ErrorKind.TOO_MANY_REQUESTS, "", 3),
        (error(429, "x", None, "insufficient_quota"), ErrorKind.NO_CREDIT, "x", 1),
        (error(429, "x", "credit_balance_exhausted"), ErrorKind.NO_CREDIT, "x", 1),
        (error(429, "x", "daily_rate_limit_exceeded"), ErrorKind.TOO_MANY_REQUESTS, "x", 1),
        (error(500, "oops", None, "server_error"), ErrorKind.SERVICE_FAULT, "oops", 3),
        (
            Answer("<html><head><title>502 Bad &amp; worse</title></head>", 502, HTML),
            ErrorKind.SERVICE_FAULT,
            "502 Bad & worse",
            3,
        ),
        (error(503, "x", "server_is_overloaded"), ErrorKind.SERVICE_FAULT, "x", 3),
        (Answer("", 504), ErrorKind.TIMED_OUT, "504", 3),
        (Answer([1], 418), ErrorKind.REFUSED, "418", 1),
        (Answer({"error": "text"}, 400), ErrorKind.REFUSED, "text", 1),
        (Answer({"error": {"message": 7, "code": {}}}, 500), ErrorKind.SERVICE_FAULT, "500", 3),
        (Answer("<title>Sign in</title>", 200, HTML), ErrorKind.SERVICE_FAULT, "", 1),
        (Answer("{", 200), ErrorKind.SERVICE_FAULT, "", 1),
        (Answer([], 200), ErrorKind.SERVICE_FAULT, "", 1),
        (Answer(b"\xff\xfe\x00", 200), ErrorKind.SERVICE_FAULT, "", 1),
    ],
)
def test_every_refusal_has_its_kind_and_its_number_of_tries(
    service: ScriptedService,
    provider: OpenAIProvider,
    ask: Ask[object],
    answer: Answer,
    kind: ErrorKind,
    detail: str,
    tries: int,
) -> None:
    service.on(MODELS, answer)
    caught = failure(ask, provider)
    assert caught.kind is kind
    assert detail in caught.detail
    assert len(service.sent(MODELS)) == tries


def test_an_error_passes_on_what_helps(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[object]
) -> None:
    body = {"message": "bad", "type": "invalid_request_error", "param": "suffix", "code": None}
    service.on(MODELS, Answer({"error": body}, 400, {"x-request-id": "req-7"}))
    caught = failure(ask, provider)
    assert (caught.param, caught.request_id) == ("suffix", "req-7")


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "90"}, "slow", 90.0),
        ({"x-should-retry": "false"}, "Please try again in 9.904s. Visit", 9.904),
        ({"x-should-retry": "false"}, "Please try again in 6m0s.", 360.0),
        ({"x-should-retry": "false"}, "Please try again in a while.", None),
    ],
)
def test_how_long_to_wait_is_told_and_not_slept_through(
    service: ScriptedService,
    provider: OpenAIProvider,
    ask: Ask[object],
    headers: dict[str, str],
    message: str,
    seconds: float | None,
) -> None:
    body = {"message": message, "type": "requests", "code": "rate_limit_exceeded"}
    service.on(MODELS, Answer({"error": body}, 429, headers))
    caught = failure(ask, provider)
    assert caught.kind is ErrorKind.TOO_MANY_REQUESTS
    assert caught.retry_after == seconds
    assert len(service.sent(MODELS)) == 1


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect API key provided: {KEY}. You can find",
        "Incorrect API key provided: sk-proj-******************abcd. You can find",
        "header was Authorization: Bearer abc.def.ghi you see",
    ],
)
def test_what_looks_like_a_key_is_taken_out(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[object], message: str
) -> None:
    service.on(MODELS, error(401, message))
    detail = failure(ask, provider).detail
    assert "…" in detail
    assert not any(part in detail for part in (KEY, "abcd", "abc.def"))


def test_a_long_page_is_cut(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[object]
) -> None:
    service.on(MODELS, Answer("x" * 100_000, 400, {"content-type": "text/plain"}))
    assert len(failure(ask, provider).detail) < 1000


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/v1", "http://127.0.0.1:{port}:x", "x y"],
)
def test_an_address_where_nobody_answers_is_no_connection(
    service: ScriptedService, ask: Ask[object], address: str
) -> None:
    async def models() -> None:
        provider = OpenAIProvider(address.format(port=service.port), KEY, Capabilities())
        try:
            await provider.models()
        finally:
            await provider.close()

    with pytest.raises(ProviderError) as caught:
        ask(models())
    assert caught.value.kind is ErrorKind.NO_CONNECTION


def test_a_service_that_says_nothing_times_out(service: ScriptedService, ask: Ask[object]) -> None:
    async def silence(writer: object) -> None:
        import asyncio

        await asyncio.sleep(0.3)

    async def models() -> None:
        provider = OpenAIProvider(service.base_url, KEY, Capabilities(), timeout=0.1, retries=0)
        try:
            await provider.models()
        finally:
            await provider.close()

    service.on(MODELS, Answer(write=silence))
    with pytest.raises(ProviderError) as caught:
        ask(models())
    assert caught.value.kind is ErrorKind.TIMED_OUT


@pytest.mark.parametrize("key", ["", "sk-with\nnewline", "sk-ключ", " sk-blank", "sk-\x7f"])
def test_a_key_that_no_header_can_carry_is_wrong_and_not_repeated(key: str) -> None:
    with pytest.raises(ProviderError) as caught:
        OpenAIProvider("http://127.0.0.1:1/v1", key, Capabilities())
    assert caught.value.kind is ErrorKind.WRONG_KEY
    assert not key or key not in "".join(traceback.format_exception(caught.value))
