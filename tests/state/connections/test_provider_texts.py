import pytest

from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.provider_texts import TEXTS, describe


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_says_what_happened_and_what_to_do(kind: ErrorKind) -> None:
    text, detail = describe(ProviderError(kind, "in the service's words"))
    assert text == TEXTS[kind]
    assert text.endswith(".")
    assert detail == "in the service's words"


def test_a_wait_is_told_in_seconds() -> None:
    text, _ = describe(ProviderError(ErrorKind.TOO_MANY_REQUESTS, retry_after=9.904))
    assert "in 10 seconds" in text
    text, _ = describe(ProviderError(ErrorKind.TOO_MANY_REQUESTS, retry_after=0))
    assert "in 1 seconds" in text


def test_the_request_id_goes_with_the_detail() -> None:
    _, detail = describe(ProviderError(ErrorKind.SERVICE_FAULT, "Bad gateway", request_id="req_7"))
    assert detail.splitlines()[0] == "Bad gateway"
    assert "req_7" in detail


def test_nothing_to_add_is_no_detail() -> None:
    assert describe(ProviderError(ErrorKind.NO_CONNECTION))[1] == ""


def test_words_of_the_service_with_braces_are_left_alone() -> None:
    _, detail = describe(ProviderError(ErrorKind.REFUSED, '{"param": "{0}"}', request_id="{x}"))
    assert detail.startswith('{"param": "{0}"}')
    assert "{x}" in detail
