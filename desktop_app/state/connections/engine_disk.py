"""What an engine needs on the disk, and clearing away what nobody needs any more."""

from collections.abc import Awaitable, Callable

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_desk import EngineDesk
from desktop_app.provider.connections.engine_models import Storage
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.local_engine import as_provider_error
from desktop_app.state.connections.provider_texts import in_words


class EngineDisk(QObject):
    """`storage` is None until it was asked for; `freed` is what the last clearing brought."""

    changed = Signal()

    def __init__(
        self, desk: Callable[[], Awaitable[EngineDesk]], runner: TaskRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.storage: Storage | None = None
        self.freed: int | None = None
        self.problem = ""
        self._desk = desk
        self._runner = runner
        self._task: Task | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the engine is asked, or clears away."""
        return self._task is not None

    @property
    def to_free(self) -> int:
        """Bytes of checkpoints on the way to models, of which nothing but a look back is lost."""
        return sum(job.to_free for job in self.storage.jobs) if self.storage else 0

    def look(self) -> None:
        """Ask what is needed and what is free."""

        async def work(_report: Report) -> tuple[Storage, None]:
            return await (await self._desk()).storage(), None

        self._begin(work)

    def prune(self) -> None:
        """Remove the checkpoints of every job that is over, but the models that they made."""
        jobs = [job.id for job in self.storage.jobs if job.to_free] if self.storage else []

        async def work(_report: Report) -> tuple[Storage, int]:
            desk, freed = await self._desk(), 0
            for job in jobs:
                try:
                    freed += await desk.prune(job)
                except ProviderError as error:
                    # It runs, or is gone by now: then there is nothing of it to clear away.
                    if error.kind not in (ErrorKind.REFUSED, ErrorKind.NOT_FOUND):
                        raise
            return await desk.storage(), freed

        self._begin(work)

    def give_up(self) -> None:
        """Ask no more; what the engine is clearing away goes on there."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, work: Callable[[Report], Awaitable[object]]) -> None:
        if self._task is not None:
            return
        self._task = self._runner.run(work)
        self._task.succeeded.connect(self._take)
        self._task.failed.connect(self._fail)
        self._task.finished.connect(self._end)

    @Slot(object)
    def _take(self, found: tuple[Storage, int | None]) -> None:
        self.storage, freed = found
        self.freed = self.freed if freed is None else freed
        self.problem = ""

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self.problem = in_words(as_provider_error(error))

    @Slot()
    def _end(self) -> None:
        self._task = None
        self.changed.emit()
