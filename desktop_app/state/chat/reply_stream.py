"""One reply on its way from a service to the screen."""

import time
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from desktop_app.background.call import AsyncWork, Report
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.provider import ChatRequest
from desktop_app.state.connections.connections import Connections


@dataclass(frozen=True)
class StreamEnd:
    """How it ended: `error` if it failed, `stopped` if the user stopped it."""

    seconds: float
    stopped: bool = False
    error: BaseException | None = None


class ReplyStream(QObject):
    """Starts at once; `grew` carries the deltas at most 30 times a second, then `ended` comes.

    Nothing comes after `ended`. `turn` and `column` say whose reply it is.
    """

    grew = Signal(object)
    ended = Signal(object)

    def __init__(
        self,
        runner: TaskRunner,
        connections: Connections,
        connection: str,
        request: ChatRequest,
        parent: QObject,
        *,
        turn: int,
        column: int,
    ) -> None:
        super().__init__(parent)
        self.turn = turn
        self.column = column
        self._clock = QElapsedTimer()
        self._clock.start()
        self._task = runner.run(_streaming(connections, connection, request), batch=True)
        self._task.progressed.connect(self.grew)
        self._task.succeeded.connect(self._succeed)
        self._task.failed.connect(self._fail)

    def stop(self) -> None:
        """End the request; what has come stays."""
        self._task.progressed.disconnect(self.grew)
        self._task.succeeded.disconnect(self._succeed)
        self._task.failed.disconnect(self._fail)
        self._task.cancel()
        self.ended.emit(StreamEnd(self._clock.elapsed() / 1000, stopped=True))

    @Slot(object)
    def _succeed(self, seconds: float) -> None:
        self.ended.emit(StreamEnd(seconds))

    @Slot(object)
    def _fail(self, error: BaseException) -> None:
        self.ended.emit(StreamEnd(self._clock.elapsed() / 1000, error=error))


def _streaming(connections: Connections, connection: str, request: ChatRequest) -> AsyncWork:
    async def stream(report: Report) -> float:
        provider = await connections.provider(connection)
        started = time.monotonic()
        # A cancelled task is interrupted inside the iterator, which closes the request.
        async for delta in provider.chat(request):
            report(delta)
        return time.monotonic() - started

    return stream
