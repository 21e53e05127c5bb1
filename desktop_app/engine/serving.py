"""Runs the service until it is told to end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from desktop_app.engine.application import Service, ServiceOptions
from desktop_app.engine.wire import WireProtocol

GRACE_SECONDS = 2
"""How long open answers may go on after the end was asked for."""
MAINTENANCE_SECONDS = 1.0


class _Server(uvicorn.Server):
    """Tells the jobs of a signal at once: their worker may have got one too."""

    service: Service

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.service.stopping.set()
        super().handle_exit(sig, frame)


class Serving:
    """One service on one listening socket."""

    def __init__(
        self,
        options: ServiceOptions,
        *,
        idle_exit: float | None = None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.service = Service(options, self.shut_down)
        self._idle_exit = idle_exit
        self._ready = ready
        config = uvicorn.Config(
            self.service.application(self._lifespan),
            http=WireProtocol,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = _Server(config)
        self._server.service = self.service

    def run(self, listening: socket.socket) -> None:
        """Serve until the end; call it once."""
        self._server.run([listening])

    def shut_down(self) -> None:
        """End soon; may be called from any thread."""
        self.service.stopping.set()
        self._server.should_exit = True

    @asynccontextmanager
    async def _lifespan(self, _application: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(self.service.start)
        maintenance = asyncio.create_task(self._maintain())
        self._ready()
        try:
            yield
        finally:
            maintenance.cancel()
            await run_in_threadpool(self.service.stop)

    async def _maintain(self) -> None:
        """Let go of unused models, and of the service itself when nobody needs it."""
        while True:
            await asyncio.sleep(MAINTENANCE_SECONDS)
            self.service.loaded.release_idle()
            idle = self.service.activity.idle_seconds()
            unused = self._idle_exit is not None and idle >= self._idle_exit
            if unused and not await self.service.is_busy():
                self.shut_down()
