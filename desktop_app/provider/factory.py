"""From what the user has set up to something that can be asked."""

from desktop_app.provider.connections.engine_elsewhere import EngineElsewhere, engine_profile
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.openai import openai_profile
from desktop_app.provider.connections.other import other_profile
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.provider.connections.this_computer import (
    ThisComputerProvider,
    this_computer_profile,
)
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError


def profile_of(
    kind: str, connection_id: str, name: str, base_url: str, certificate: str = ""
) -> ConnectionProfile:
    """Return what is known of a connection; `certificate` is the one trusted of an engine.

    Raises ValueError for an unknown kind, an address that is none, a certificate that is none.
    """
    match ConnectionKind(kind):
        case ConnectionKind.THIS_COMPUTER:
            return this_computer_profile(connection_id, name)
        case ConnectionKind.OPENAI:
            return openai_profile(connection_id, name)
        case ConnectionKind.ENGINE:
            return engine_profile(connection_id, name, base_url, certificate)
        case ConnectionKind.OTHER:
            return other_profile(connection_id, name, base_url)


def open_provider(profile: ConnectionProfile, key: str | None, engine: EngineProcess) -> Provider:
    """Return a provider for a connection; nothing is sent yet.

    For the asyncio thread: the first call for a service elsewhere imports the SDK, which takes
    half a second. Raises ProviderError (NO_KEY, WRONG_KEY).
    """
    if profile.kind is ConnectionKind.THIS_COMPUTER:
        return ThisComputerProvider(engine)
    if profile.needs_key and not key:
        raise ProviderError(ErrorKind.NO_KEY)
    if profile.kind is ConnectionKind.ENGINE:
        return EngineElsewhere(profile.base_url, key or "", profile.certificate)
    from desktop_app.provider.openai_provider import OpenAIProvider  # noqa: PLC0415  # see above

    return OpenAIProvider(
        profile.base_url,
        key or None,
        profile.capabilities,
        new_limit_name=profile.kind is ConnectionKind.OPENAI,
    )
