"""Open connections, one for each service, shared by everything that asks a service."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.provider.factory import open_provider
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from desktop_app.storage.secrets import Secrets, SecretsUnavailable

T = TypeVar("T")


class ProviderPool:
    """Plain Python for the asyncio thread; only `profiles` is replaced from another one."""

    def __init__(self, secrets: Secrets, engine: EngineProcess) -> None:
        self.profiles: Mapping[str, ConnectionProfile] = {}
        self._secrets = secrets
        self._engine = engine
        self._open: dict[str, tuple[ConnectionProfile, Provider]] = {}
        self._changing: dict[str, asyncio.Lock] = {}

    async def provider(self, connection_id: str) -> Provider:
        """Return the open provider of a connection, opening it first.

        Raises ProviderError: NO_KEY, and NOT_FOUND for a connection that is no longer there.
        """
        async with self._lock(connection_id):
            profile = self.profiles.get(connection_id)
            if profile is None:
                raise ProviderError(ErrorKind.NOT_FOUND, "the connection was removed")
            known = self._open.get(connection_id)
            if known is not None and known[0] == profile:
                return known[1]
            await self._close(connection_id)
            provider = await self.open(profile, None)
            self._open[connection_id] = (profile, provider)
            return provider

    async def open(self, profile: ConnectionProfile, key: str | None) -> Provider:
        """Open a provider that is the caller's own; without a key, with the one that is kept."""
        why = ""
        if key is None and profile.kind is not ConnectionKind.THIS_COMPUTER:
            try:
                key = await in_thread(lambda: self._secrets.get(profile.base_url))
            except SecretsUnavailable as error:
                why = error.detail
        try:
            return open_provider(profile, key, self._engine)
        except ProviderError as error:
            if error.kind is ErrorKind.NO_KEY and why:
                raise ProviderError(ErrorKind.NO_KEY, why) from None
            raise

    async def forget(self, connection_id: str) -> None:
        """Close a connection, because its address or key has changed.

        One that is being opened is waited for: it may have been given the old key.
        """
        async with self._lock(connection_id):
            await self._close(connection_id)

    async def close(self) -> None:
        """Close all connections, when nothing is asked any more."""
        for connection_id in list(self._open):
            await self._close(connection_id)

    def _lock(self, connection_id: str) -> asyncio.Lock:
        return self._changing.setdefault(connection_id, asyncio.Lock())

    async def _close(self, connection_id: str) -> None:
        known = self._open.pop(connection_id, None)
        if known is not None:
            await known[1].close()


async def in_thread(call: Callable[[], T]) -> T:
    """Run a call on a thread that cannot keep the program from ending.

    `asyncio.to_thread` would: a keyring may be waiting for a password that nobody types.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type]  # None only where T allows it

    def run() -> None:
        value, failure = None, None
        try:
            value = call()
        except Exception as error:  # noqa: BLE001  # the caller gets it, whatever it is
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, daemon=True).start()
    return await future
