"""Asking an engine for what is outside the protocol, whichever computer it runs on."""

import ssl
from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from desktop_app.provider.provider import ErrorKind, ProviderError

ANSWER_SECONDS = 30.0

T = TypeVar("T")


class EngineService(Protocol):
    """A running engine. `base_url` ends in /v1; `tls` is None where the system's trust decides."""

    @property
    def base_url(self) -> str:
        """The address of the protocol's endpoints."""
        ...

    @property
    def token(self) -> str:
        """What the engine wants to be shown with every request."""
        ...

    @property
    def tls(self) -> ssl.SSLContext | None:
        """Which certificates are trusted."""
        ...


async def request(
    engine: EngineService,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    timeout: float = ANSWER_SECONDS,  # noqa: ASYNC109  # how long it may be silent, not take
) -> object:
    """Return the JSON that an engine answers. Raises ProviderError."""
    # The SDK takes half a second to import: on this thread, and not at start-up.
    from desktop_app.provider.client import new_client  # noqa: PLC0415
    from desktop_app.provider.errors import provider_errors  # noqa: PLC0415

    with provider_errors(engine.token):
        async with new_client(engine.base_url, engine.token, timeout, 0, engine.tls) as client:
            url = str(client.base_url.join(path))
            if method == "GET":
                return await client.get(url, cast_to=object)
            if method == "DELETE":
                return await client.delete(url, cast_to=object)
            return await client.post(url, cast_to=object, body=body)


def converted(answer: object, kind: type[T]) -> T:
    """Return an answer as what it should be. Raises ProviderError (SERVICE_FAULT)."""
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ProviderError(ErrorKind.SERVICE_FAULT, str(error)) from None
