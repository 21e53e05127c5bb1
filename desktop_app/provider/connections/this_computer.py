"""The service on this computer, as a provider like any other."""

from typing_extensions import override

from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.engine_provider import CAPABILITIES, EngineProvider
from desktop_app.provider.connections.engine_service import EngineService
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.provider.provider import ErrorKind, ProviderError


def this_computer_profile(connection_id: str, name: str) -> ConnectionProfile:
    """Return the profile of the service on this computer."""
    return ConnectionProfile(
        id=connection_id,
        kind=ConnectionKind.THIS_COMPUTER,
        name=name,
        base_url="",
        needs_key=False,
        capabilities=CAPABILITIES,
        data_place=DataPlace.THIS_COMPUTER,
    )


class ThisComputerProvider(EngineProvider):
    """Starts the service where it does not run; if it dies in a call, that call says so."""

    def __init__(self, engine: EngineProcess) -> None:
        super().__init__()
        self._engine = engine

    @override
    async def _reach(self) -> EngineService:
        return await self._engine.ensure_running()

    @override
    async def _named(self, error: ProviderError) -> ProviderError:
        """No network is in between: a service that cannot be reached has died."""
        if error.kind is not ErrorKind.NO_CONNECTION:
            return error
        self._engine.forget()
        return ProviderError(ErrorKind.ENGINE_FAILED, self._engine.last_words or error.detail)
