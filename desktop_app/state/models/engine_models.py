"""The base models of one engine: which it has, which it can fetch, and what is on its way."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.call import Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_desk import EngineDesk
from desktop_app.provider.connections.engine_models import (
    BaseModel,
    Catalogue,
    FetchState,
    ModelEntry,
)
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.state.connections.local_engine import as_provider_error
from desktop_app.state.connections.provider_texts import in_words
from desktop_app.state.models.fetch_pace import FetchPace
from desktop_app.state.models.model_news import ModelNews
from desktop_app.state.notices import Notices

POLL_SECONDS = 0.5

MEASURING_MS = 5_000
MOST_WAITS = 12
"""An engine that has just started measures how fast it trains, which takes some seconds."""

Desk = Callable[[], Awaitable[EngineDesk]]
Step = Callable[[EngineDesk], Awaitable[object]]


class EngineModels(QObject):
    """Outlives every dialog that shows it; a fetch is followed whether one is open or not.

    `changed`: anything. `bases_changed`: which models there are to start from, and how fast it
    trains. `added` carries the
    id of a model that was taken from disk. `is_local`: whether the engine reads this computer's
    files.
    """

    changed = Signal()
    bases_changed = Signal()
    added = Signal(str)

    def __init__(
        self,
        desk: Desk,
        runner: TaskRunner,
        notices: Notices,
        parent: QObject | None = None,
        *,
        is_local: bool = True,
    ) -> None:
        super().__init__(parent)
        self.is_local = is_local
        self.status: EngineStatus | None = None
        self.bases: tuple[BaseModel, ...] = ()
        self.catalogue: Catalogue | None = None
        self.looked_up: tuple[ModelEntry, ...] = ()
        self.problem = ""
        self._desk = desk
        self._runner = runner
        self._news = ModelNews(notices, self.fetch)
        self._arriving: dict[str, ModelEntry] = {}
        self._arrived: dict[str, ModelEntry] = {}
        self._paces: dict[str, FetchPace] = {}
        self._problems: dict[str, str] = {}
        self._looking: Task | None = None
        self._look_again = False
        self._following: Task | None = None
        self._steps: dict[Task, str] = {}
        self._waits = 0
        self._measuring = QTimer(self)
        self._measuring.setSingleShot(True)
        self._measuring.setInterval(MEASURING_MS)
        self._measuring.timeout.connect(self.look)

    # What there is

    @property
    def is_looking(self) -> bool:
        """Whether the engine is being asked what it has."""
        return self._looking is not None

    def is_busy(self, what: str) -> bool:
        """Whether something is being done about a model, or a path."""
        return what in self._steps.values()

    def base(self, id: str) -> BaseModel | None:
        return next((each for each in self.bases if each.id == id), None)

    def entries(self) -> list[ModelEntry]:
        """The catalogue's models, then others that were looked up or are on their way."""
        listed = self.catalogue.models if self.catalogue else ()
        every = {each.hub: each for each in (*self._arriving.values(), *self.looked_up, *listed)}
        order = [*(each.hub for each in listed), *(hub for hub in every)]
        return [self._current(every[hub]) for hub in dict.fromkeys(order)]

    def entry(self, hub: str) -> ModelEntry | None:
        return next((each for each in self.entries() if each.hub == hub), None)

    def entry_of(self, base: BaseModel) -> ModelEntry | None:
        """What the catalogue says of a model that is there."""
        known = self.entry(base.hub) if base.hub else None
        return known or next((each for each in self.entries() if each.id == base.id), None)

    def _current(self, entry: ModelEntry) -> ModelEntry:
        return self._arriving.get(entry.hub) or self._arrived.get(entry.hub, entry)

    def pace(self, hub: str) -> FetchPace:
        """How fast a model arrives."""
        return self._paces.setdefault(hub, FetchPace())

    def problem_of(self, what: str) -> str:
        """What went wrong with a model, a path or a name, "" if nothing did."""
        return self._problems.get(what, "")

    @property
    def arriving(self) -> list[ModelEntry]:
        """The models that are being fetched now."""
        return [each for each in self._arriving.values() if each.state == FetchState.FETCHING]

    @Slot()
    def look(self) -> None:
        """Ask the engine what it has, what it recommends, and what is on its way."""
        self._look_again = self._looking is not None
        if self._look_again:
            return  # What is being asked may be out of date: it is asked once more after that.

        async def work(_report: Report) -> tuple[object, object, object, object]:
            desk = await self._desk()
            status, fetches = await desk.status(), await desk.fetches()
            return status, await desk.bases(), await desk.catalogue(), fetches

        self._looking = self._runner.run(work)
        self._looking.succeeded.connect(self._take_look)
        self._looking.failed.connect(self._take_failed_look)
        self._looking.finished.connect(self._end_look)
        self.changed.emit()

    @Slot(object)
    def _take_look(
        self,
        found: tuple[EngineStatus, tuple[BaseModel, ...], Catalogue, tuple[ModelEntry, ...]],
    ) -> None:
        before = (self.bases, self._speed)
        self.status, self.bases, self.catalogue, fetches = found
        self.problem = ""
        self._tell_arrived()
        if self._following is None:  # Else what is followed is newer.
            self._take_fetches(fetches)
        if before != (self.bases, self._speed):
            self.bases_changed.emit()
        self._await_speed()
        self._follow()

    def _tell_arrived(self) -> None:
        """An engine lists a model that is whole among those that are there, and nowhere else."""
        here = {base.hub for base in self.bases if base.hub}
        for hub, entry in self._arrived.items():
            if hub in here:
                self._news.tell(msgspec.structs.replace(entry, state=FetchState.READY))
        self._arrived.clear()
        self.looked_up = tuple(each for each in self.looked_up if each.hub not in here)

    @property
    def _speed(self) -> float | None:
        return self.status.training_tokens_per_second if self.status else None

    def _await_speed(self) -> None:
        """Ask an engine elsewhere again that measures; the one here is asked all the time."""
        if not self.is_local and self.bases and not self._speed and self._waits < MOST_WAITS:
            self._waits += 1
            self._measuring.start()

    @Slot(object)
    def _take_failed_look(self, error: Exception) -> None:
        self.problem = in_words(as_provider_error(error))

    @Slot()
    def _end_look(self) -> None:
        self._looking = None
        if self._look_again:
            self.look()
        self.changed.emit()

    # Fetching

    def look_up(self, hub: str) -> None:
        """Ask the hub for a model by "owner/name"; it is then among the entries."""
        hub = hub.strip()
        self._do(hub, lambda desk: desk.look_up(hub), self._take_looked_up)

    @Slot(object)
    def _take_looked_up(self, entry: ModelEntry) -> None:
        others = (each for each in self.looked_up if each.hub != entry.hub)
        self.looked_up = (*others, entry)

    def fetch(self, hub: str) -> None:
        """Fetch a model, or go on with it. The user has accepted its licence."""
        self._do(hub, lambda desk: desk.fetch(hub), self._take_begun)

    def stop(self, hub: str) -> None:
        """Stop fetching; `fetch` goes on where it was."""
        self._do(hub, lambda desk: desk.stop_fetch(hub), self._take_stopped)

    def forget(self, hub: str) -> None:
        """Remove what was fetched of a model."""
        self._do(hub, lambda desk: desk.stop_fetch(hub, forget=True), self._take_stopped)

    @Slot(object)
    def _take_begun(self, entry: ModelEntry) -> None:
        self._take_fetches([*self._arriving.values(), entry])
        self._follow()

    @Slot(object)
    def _take_stopped(self, _none: object) -> None:
        self._cancel_following()
        self.look()

    def _follow(self) -> None:
        """Watch what is on its way until nothing is."""
        if self._following is not None or not self.arriving:
            return

        async def work(report: Report) -> tuple[ModelEntry, ...]:
            while True:
                fetches = await (await self._desk()).fetches()
                if not any(each.state == FetchState.FETCHING for each in fetches):
                    return fetches
                report(fetches)
                await asyncio.sleep(POLL_SECONDS)

        self._following = self._runner.run(work)
        self._following.progressed.connect(self._take_progress)
        self._following.succeeded.connect(self._take_arrived)
        self._following.failed.connect(self._lose_sight)

    def _cancel_following(self) -> None:
        if self._following is not None:
            self._following.cancel()
            self._following = None

    @Slot(object)
    def _take_progress(self, fetches: Iterable[ModelEntry]) -> None:
        if self.sender() is self._following:
            self._take_fetches(fetches)
            self.changed.emit()

    @Slot(object)
    def _take_arrived(self, fetches: Iterable[ModelEntry]) -> None:
        if self.sender() is self._following:
            self._following = None
            self._take_fetches(fetches)
            self.look()

    @Slot(object)
    def _lose_sight(self, error: Exception) -> None:
        self._following = None
        for entry in self.arriving:
            self._problems[entry.hub] = in_words(as_provider_error(error))
        self._arriving.clear()
        self.changed.emit()

    def _take_fetches(self, fetches: Iterable[ModelEntry]) -> None:
        before, self._arriving = self._arriving, {each.hub: each for each in fetches}
        gone = {hub: each for hub, each in before.items() if hub not in self._arriving}
        self._arrived |= {h: each for h, each in gone.items() if each.state == FetchState.FETCHING}
        for hub, entry in self._arriving.items():
            self.pace(hub).note(time.monotonic(), entry.bytes_done or 0)
            was = before.get(hub)
            if was is not None and was.state == FetchState.FETCHING != entry.state:
                self._news.tell(entry)

    # What is there already

    def remove(self, id: str) -> None:
        """Delete a model; `problem_of` says why where the engine still needs it."""
        self._do(id, lambda desk: desk.remove_base(id), self._take_removed)

    def take_model(self, path: Path) -> None:
        """Have a file, or a folder, of this computer checked and copied."""
        self._do(str(path), lambda desk: desk.take_model(path), self._take_added)

    def take_adapter(self, folder: Path, name: str, model: str | None) -> None:
        """Have an adapter that was trained elsewhere checked and copied."""
        self._do(str(folder), lambda desk: desk.take_adapter(folder, name, model), self._take_added)

    @Slot(object)
    def _take_added(self, id: str) -> None:
        self.added.emit(id)
        self.look()

    @Slot(object)
    def _take_removed(self, _none: object) -> None:
        self.look()

    def give_up(self) -> None:
        """Ask no more; what the engine is doing goes on there."""
        for task in (self._looking, self._following, *self._steps):
            if task is not None:
                task.cancel()
        self._look_again = False
        self._measuring.stop()

    def _do(self, what: str, step: Step, then: Callable[..., None]) -> None:
        """Do one thing at a time about a model; what goes wrong is kept under its name."""
        if self.is_busy(what):
            return
        self._problems.pop(what, None)

        async def work(_report: Report) -> object:
            return await step(await self._desk())

        task = self._runner.run(work)
        self._steps[task] = what
        task.succeeded.connect(then)
        task.failed.connect(self._take_problem)
        task.finished.connect(self._end_step)
        self.changed.emit()

    @Slot(object)
    def _take_problem(self, error: Exception) -> None:
        sender = self.sender()
        if isinstance(sender, Task):
            self._problems[self._steps[sender]] = in_words(as_provider_error(error))

    @Slot()
    def _end_step(self) -> None:
        sender = self.sender()
        if isinstance(sender, Task):
            self._steps.pop(sender, None)
        self.changed.emit()
