"""An engine of the program's own on another computer, started there by `exemplar-engine serve`."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typing_extensions import override

from desktop_app.provider.connections import certificates
from desktop_app.provider.connections.engine_downloads import download
from desktop_app.provider.connections.engine_provider import (
    CAPABILITIES,
    SILENCE_SECONDS,
    EngineProvider,
)
from desktop_app.provider.connections.engine_service import EngineService
from desktop_app.provider.connections.other import tidy_address
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.provider.connections.this_computer_exports import ExportOrder, SaveProgress
from desktop_app.provider.provider import ProviderError

if TYPE_CHECKING:  # It imports the SDK, which takes half a second.
    from desktop_app.provider.openai_provider import OpenAIProvider

PORT = 8443
"""Where an engine listens unless it was told otherwise."""


@dataclass(frozen=True)
class EngineAt:
    """Where it is, what it wants to be shown, and which certificates are trusted."""

    base_url: str
    token: str = field(repr=False)
    tls: ssl.SSLContext | None = None


def engine_profile(
    connection_id: str, name: str, base_url: str, certificate: str = ""
) -> ConnectionProfile:
    """Return the profile of an engine elsewhere; `certificate` (PEM) is the one to trust.

    Raises ValueError for what is no web address, and for a text that is no certificate.
    """
    certificates.trusting(certificate)
    return ConnectionProfile(
        id=connection_id,
        kind=ConnectionKind.ENGINE,
        name=name,
        base_url=engine_address(base_url),
        needs_key=True,
        capabilities=CAPABILITIES,
        # Also where a tunnel makes it look like this computer.
        data_place=DataPlace.SERVICE,
        certificate=certificate,
    )


def engine_address(text: str) -> str:
    """Return the base URL for a host, a host with a port, or an address. Raises ValueError."""
    text = text.strip()
    if "://" not in text:
        bare = urlsplit(f"https://{text}")
        text = f"https://{text}" if bare.port or bare.path else f"https://{text}:{PORT}"
    address = tidy_address(text)
    return address if urlsplit(address).path else f"{address}/v1"


class EngineElsewhere(EngineProvider):
    """Reaches one engine over the network. What it shows must be what is trusted."""

    def __init__(self, base_url: str, token: str, certificate: str = "") -> None:
        super().__init__(sends_files=True)
        self._certificate = certificate
        self._at = EngineAt(base_url, token, certificates.trusting(certificate))

    @override
    async def _reach(self) -> EngineService:
        return self._at

    @override
    def _open(self, engine: EngineService) -> "OpenAIProvider":
        from desktop_app.provider.openai_provider import OpenAIProvider  # noqa: PLC0415  # see above

        return OpenAIProvider(
            engine.base_url,
            engine.token,
            CAPABILITIES,
            timeout=SILENCE_SECONDS,
            retries=0,
            tls=engine.tls,
        )

    @override
    async def _named(self, error: ProviderError) -> ProviderError:
        parts = urlsplit(self._at.base_url)
        if parts.scheme != "https":
            return error
        host, port = parts.hostname or "", parts.port or 443
        return await certificates.named(error, host, port, self._certificate)

    @override
    async def export(self, order: ExportOrder, progress: SaveProgress) -> Path:
        return await self._call_own(lambda engine: download(engine, order, progress))
