"""Runs the service until it is told to end."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp
from typing_extensions import override

from desktop_app.engine.application import Service, ServiceOptions
from desktop_app.engine.service_log import where
from desktop_app.engine.store.database import StoreError
from desktop_app.engine.wire import WireProtocol

log = logging.getLogger(__name__)

GRACE_SECONDS = 1
"""How long open answers may go on after the end was asked for."""
MAINTENANCE_SECONDS = 1.0


class _Server(uvicorn.Server):
    """Tells the jobs of a signal at once: their worker may have got one too."""

    service: Service

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.service.stopping.set()
        super().handle_exit(sig, frame)


@dataclass(frozen=True)
class Network:
    """How a service meets other computers than its own.

    `gate` stands in front of it, `tls` is None where a proxy does the encryption, `proxies` are
    the addresses and networks of those whose word about a client's address is taken.
    """

    gate: Callable[[ASGIApp], ASGIApp]
    tls: ssl.SSLContext | None = None
    proxies: Sequence[str] = ()


class Serving:
    """One service on one listening socket."""

    def __init__(
        self,
        options: ServiceOptions,
        *,
        idle_exit: float | None = None,
        ready: Callable[[], None] = lambda: None,
        network: Network | None = None,
    ) -> None:
        self.service = Service(options, self.shut_down)
        self._idle_exit = idle_exit
        self._ready = ready
        self._fault: Exception | None = None
        application: ASGIApp = self.service.application(self._lifespan)
        if network is not None:
            application = network.gate(application)
        tls = network.tls if network is not None else None
        proxies = network.proxies if network is not None else ()
        config = uvicorn.Config(
            application,
            http=WireProtocol,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
        self._server = _Server(config)
        self._server.service = self.service

    def run(self, listening: socket.socket) -> None:
        """Serve until the end; call it once. Raises StoreError where the service cannot start."""
        try:
            self._server.run([listening])
        except SystemExit:  # what uvicorn ends a failed start with
            if self._fault is None:
                raise
            raise StoreError(where(self._fault)) from self._fault

    def shut_down(self) -> None:
        """End soon; may be called from any thread."""
        self.service.stopping.set()
        self._server.should_exit = True

    @asynccontextmanager
    async def _lifespan(self, _application: Starlette) -> AsyncIterator[None]:
        try:
            await run_in_threadpool(self.service.start)
            self._ready()
        except Exception as error:
            # What has been started would otherwise keep the process, and the store, for ever.
            self._fault = error
            await run_in_threadpool(self.service.stop)
            raise
        maintenance = asyncio.create_task(self._maintain())
        try:
            yield
        finally:
            maintenance.cancel()
            await run_in_threadpool(self.service.stop)

    async def _maintain(self) -> None:
        """Let go of unused models, and of the service itself when nobody needs it."""
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            try:
                await self._maintain_once()
            except Exception as error:  # noqa: BLE001  # a disk full for a second, say: without
                # this loop the models would stay in memory, and the service for ever.
                log.error("maintenance failed: %s", where(error))

    async def _maintain_once(self) -> None:
        self.service.loaded.release_idle()
        idle = self.service.activity.idle_seconds()
        unused = self._idle_exit is not None and idle >= self._idle_exit
        if unused and not await self.service.is_busy():
            self.shut_down()
