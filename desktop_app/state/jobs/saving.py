"""Saving a model that an engine of the program's own trained into a folder of the user's."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_provider import EngineProvider
from desktop_app.provider.connections.this_computer_exports import ExportForm, ExportOrder
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.local_engine import as_provider_error
from desktop_app.state.connections.provider_texts import in_words
from desktop_app.state.jobs.places import is_engine
from desktop_app.storage.project.jobs import JobRecord


class SavingPhase(StrEnum):
    """Where it stands. ASKING: which forms there are is not known yet."""

    ASKING = "asking"
    READY = "ready"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelToSave:
    """A model, and what its card says of it beside what the engine knows."""

    connection: str
    model: str
    title: str
    data: str


@dataclass(frozen=True)
class KeptModel:
    """A model of a job, and which it is."""

    model: str
    name: str


class ModelSaving(QObject):
    """One model on its way into a folder. `changed`: anything about it.

    `problem` holds what went wrong and, on a line of its own, the details; `path` the folder made.
    """

    changed = Signal()

    def __init__(
        self,
        model: ModelToSave,
        connections: Connections,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = model
        self.phase = SavingPhase.ASKING
        self.forms: list[ExportForm] = []
        self.written: tuple[int, int] = (0, 0)
        self.problem = ""
        self.path: Path | None = None
        self._connections = connections
        self._runner = runner
        self._task: Task | None = None
        self._ask()

    def choose(self, model: str) -> None:
        """Be about another model of the same job; does nothing while something is under way."""
        if self._task is not None or model == self.model.model:
            return
        self.model = replace(self.model, model=model)
        self.phase, self.forms, self.problem, self.path = SavingPhase.ASKING, [], "", None
        self._ask()
        self.changed.emit()

    def form(self, kind: str) -> ExportForm | None:
        """Return what is known of a form."""
        return next((form for form in self.forms if form.kind == kind), None)

    def taken(self, kind: str, folder: Path) -> Path | None:
        """Return what already has the name that saving would give."""
        form = self.form(kind)
        place = folder / form.name if form else None
        return place if place is not None and place.exists() else None

    def save(self, kind: str, folder: Path, *, replace: bool = False) -> None:
        """Begin to save; does nothing while something is under way."""
        if self._task is not None:
            return
        model = self.model
        order = ExportOrder(
            model.model, kind, str(folder), replace=replace, title=model.title, data=model.data
        )
        connections = self._connections

        async def work(report: Callable[[object], None]) -> Path:
            provider = await _engine(connections, model.connection)
            return await provider.export(order, lambda done, total: report((done, total)))

        self.phase, self.problem, self.path = SavingPhase.SAVING, "", None
        form = self.form(kind)
        self.written = (0, form.bytes if form else 0)
        self._begin(self._runner.run(work)).succeeded.connect(self._saved)
        self.changed.emit()

    def cancel(self) -> None:
        """Break off; nothing of it is left in the folder."""
        if self._task is not None:
            self._task.cancel()

    def _ask(self) -> None:
        connections, model = self._connections, self.model

        async def work(_report: Callable[[object], None]) -> list[ExportForm]:
            return await (await _engine(connections, model.connection)).export_forms(model.model)

        self._begin(self._runner.run(work)).succeeded.connect(self._take_forms)

    def _begin(self, task: Task) -> Task:
        self._task = task
        task.progressed.connect(self._take_progress)
        task.failed.connect(self._fail)
        task.finished.connect(self._end)
        return task

    @Slot(object)
    def _take_forms(self, forms: list[ExportForm]) -> None:
        self.forms, self.phase = forms, SavingPhase.READY

    @Slot(object)
    def _take_progress(self, written: tuple[int, int]) -> None:
        self.written = written
        self.changed.emit()

    @Slot(object)
    def _saved(self, path: Path) -> None:
        self.path, self.phase = path, SavingPhase.DONE

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self.phase = SavingPhase.FAILED
        self.problem = in_words(as_provider_error(error))

    @Slot()
    def _end(self) -> None:
        self._task = None
        if self.phase is SavingPhase.SAVING:  # cancelled
            self.phase = SavingPhase.READY
        self.changed.emit()


class ModelSavings(QObject):
    """Says which models of a job can be saved, and begins with it."""

    def __init__(
        self, connections: Connections, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._connections = connections
        self._runner = runner

    def can_save(self, record: JobRecord) -> bool:
        """Whether a job made a model at an engine, or kept one on the way."""
        return bool(self.kept(record))

    def kept(self, record: JobRecord) -> list[KeptModel]:
        """The models of a job, the finished one first, then the latest; none while it trains."""
        job = record.job
        if (
            not is_engine(self._connections, record.connection)
            or job is None
            or not job.is_finished
        ):
            return []
        final = job.fine_tuned_model
        kept = [KeptModel(final, _tr("The finished model"))] if final else []
        for checkpoint in sorted(record.checkpoints, key=lambda each: -each.step):
            if checkpoint.model != final:
                text = _tr("As it was after step {n}").format(n=f"{checkpoint.step:,}")
                kept.append(KeptModel(checkpoint.model, text))
        return kept

    def begin(self, record: JobRecord, model: str = "") -> ModelSaving:
        """Return the way of a job's model into a folder; whoever asks is to own it.

        Without a model, of the first that was kept.
        """
        kept = self.kept(record)
        data = ""
        if record.version_name:
            data = _tr("version “{name}”").format(name=record.version_name)
        wanted = model or (kept[0].model if kept else "")
        saved = ModelToSave(record.connection, wanted, record.name, data)
        return ModelSaving(saved, self._connections, self._runner)


async def _engine(connections: Connections, connection: str) -> EngineProvider:
    provider = await connections.provider(connection)
    if not isinstance(provider, EngineProvider):
        raise ProviderError(ErrorKind.NOT_OFFERED)
    return provider


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_saving", text)
