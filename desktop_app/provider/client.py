"""The SDK's client, set up so that a key reaches the one host it was entered for."""

import os
import ssl
from collections.abc import AsyncGenerator

import httpx2
import openai

from desktop_app.provider.errors import is_final
from desktop_app.provider.loopback import is_loopback
from desktop_app.provider.provider import ErrorKind, ProviderError

LONGEST_SILENT_WAIT = 20.0
"""Seconds; the SDK would sleep up to two minutes where the service asks for it, unseen."""

PIECE = 1 << 20
"""Bytes of a large file that are in memory at a time."""

NO_KEY = "none"
"""The SDK wants something to send to a service that wants no key."""


def new_client(
    base_url: str,
    key: str | None,
    timeout: float,
    retries: int,
    tls: ssl.SSLContext | None = None,
) -> openai.AsyncOpenAI:
    """Return a client that nothing redirects: no variable of the environment, no HTTP redirect.

    `timeout` (seconds) is how long the service may be silent; `tls` decides which certificates are
    trusted, None leaves that to the system. Raises ProviderError (WRONG_KEY) for
    a key that no header can carry.
    """
    # The SDK takes headers, organization and project from these even where a key is given.
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        del os.environ[name]
    if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key and key):
        raise ProviderError(ErrorKind.WRONG_KEY)
    http = _new_http(base_url, tls)
    return openai.AsyncOpenAI(
        api_key=key or NO_KEY,
        base_url=base_url,
        timeout=httpx2.Timeout(timeout, connect=5.0),
        max_retries=retries,
        http_client=http,
    )


async def stream_file(
    base_url: str, key: str, path: str, tls: ssl.SSLContext | None
) -> AsyncGenerator[bytes, None]:
    """Yield what is at a path of a service's host, in pieces. Raises what the SDK raises."""
    async with _new_http(base_url, tls) as http:
        headers = {"authorization": f"Bearer {key}"}
        url = httpx2.URL(base_url).join(path)
        try:
            async with http.stream("GET", url, headers=headers) as response:
                if response.status_code != httpx2.codes.OK:
                    raise ProviderError(ErrorKind.SERVICE_FAULT, str(response.status_code))
                async for piece in response.aiter_bytes(PIECE):
                    yield piece
        except httpx2.TransportError as error:
            raise ProviderError(ErrorKind.NO_CONNECTION, str(error)) from None


def _new_http(base_url: str, tls: ssl.SSLContext | None) -> httpx2.AsyncClient:
    return openai.DefaultAsyncHttpx2Client(
        # A redirect would carry the examples, and from http to https the key, somewhere else.
        follow_redirects=False,
        # A proxy cannot reach this computer's loopback.
        trust_env=not is_loopback(httpx2.URL(base_url).host),
        event_hooks={"response": [_stop_vain_retries]},
        verify=True if tls is None else tls,
    )


async def _stop_vain_retries(response: httpx2.Response) -> None:
    if response.status_code not in (429, 503):
        return
    await response.aread()
    try:
        is_long = float(response.headers.get("retry-after", "")) > LONGEST_SILENT_WAIT
    except ValueError:
        is_long = False
    if is_long or is_final(response):
        response.headers["x-should-retry"] = "false"
