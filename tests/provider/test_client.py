"""That nothing leads a key or an example to another host."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import Capabilities, ErrorKind, ProviderError
from tests.provider.conftest import KEY, Ask
from tests.provider.scripted_service import Answer, ScriptedService

MODELS = "GET /v1/models"
NONE = Answer({"object": "list", "data": []})


@pytest.fixture
def other(ask: Ask[None]) -> Iterator[ScriptedService]:
    """Another host, where nothing must arrive."""
    other = ScriptedService()
    ask(other.start())
    for method in ("GET", "POST"):
        other.on(f"{method} /v1/models", NONE)
    yield other
    ask(other.stop())
    assert other.requests == []


async def list_models(base_url: str) -> None:
    provider = OpenAIProvider(base_url, KEY, Capabilities())
    try:
        await provider.models()
    finally:
        await provider.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    service: ScriptedService, other: ScriptedService, ask: Ask[None], status: int
) -> None:
    location = f"{other.base_url}/models?ticket=secret"
    service.on(MODELS, Answer("", status, {"location": location}))
    with pytest.raises(ProviderError) as caught:
        ask(list_models(service.base_url))
    assert caught.value.kind is ErrorKind.REFUSED
    assert "127.0.0.1" in caught.value.detail
    assert "secret" not in caught.value.detail


def test_the_environment_redirects_nothing(
    service: ScriptedService,
    other: ScriptedService,
    ask: Ask[None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{other.port}")
    monkeypatch.setenv("OPENAI_BASE_URL", other.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-x")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-x")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Stray: 1\nAuthorization: Bearer stray")
    service.on(MODELS, NONE)
    ask(list_models(service.base_url))
    [request] = service.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert not {"openai-organization", "openai-project", "x-stray"} & request.headers.keys()


def test_a_service_that_wants_no_key_gets_none_of_anybody(
    service: ScriptedService, ask: Ask[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def models() -> None:
        provider = OpenAIProvider(service.base_url, None, Capabilities())
        await provider.models()
        await provider.close()

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    service.on(MODELS, NONE)
    ask(models())
    assert service.requests[0].headers["authorization"] == "Bearer none"


def test_what_the_window_imports_at_start_does_not_import_the_sdk() -> None:
    code = (
        "import sys; import desktop_app.provider.factory, desktop_app.storage.secrets;"
        "print([name for name in ('openai', 'httpx2', 'keyring') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
