"""The models that Chat and Evaluate offer: the tuned ones of a connection, then its base model."""

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import TunedModel


class ModelChoice(Struct, frozen=True):
    """A model of a connection. It is kept in chats and evaluations, so it carries its name.

    `submission` is that of the job that made it, '' for a base model.
    """

    connection: str
    model: str
    name: str
    submission: str = ""

    @property
    def is_tuned(self) -> bool:
        return bool(self.submission)


class ModelChoices(QObject):
    """What the active connection has to offer."""

    changed = Signal()

    def __init__(self, jobs: Jobs, connections: Connections, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._connections = connections
        self._all = self._look()
        jobs.changed.connect(self._refresh)
        jobs.finished.connect(self._refresh)
        connections.changed.connect(self._refresh)

    @property
    def all(self) -> tuple[ModelChoice, ...]:
        """The tuned models, newest first, then the base model."""
        return self._all

    @property
    def tuned(self) -> tuple[ModelChoice, ...]:
        return tuple(choice for choice in self._all if choice.is_tuned)

    @property
    def base(self) -> ModelChoice | None:
        """The base model, if one has been chosen."""
        return next((choice for choice in self._all if not choice.is_tuned), None)

    def of(self, tuned: TunedModel) -> ModelChoice | None:
        """The choice for a model that a job made; None for a job of another project."""
        record = self._jobs.record(tuned.submission)
        return None if record is None else self._choice(record.connection, tuned)

    @Slot()
    def _refresh(self) -> None:
        found = self._look()
        if found != self._all:
            self._all = found
            self.changed.emit()

    def _look(self) -> tuple[ModelChoice, ...]:
        connection = self._connections.active.id
        choices = [self._choice(connection, tuned) for tuned in self._jobs.tuned_models(connection)]
        base = self._connections.base_model
        if base:
            choices.append(ModelChoice(connection, base, short_name(base)))
        return tuple(choices)

    def _choice(self, connection: str, tuned: TunedModel) -> ModelChoice:
        name = tuned.name or short_name(tuned.model_id)
        if tuned.step is not None:
            name = self.tr("{name}, step {step}").format(name=name, step=tuned.step)
        return ModelChoice(connection, tuned.model_id, name, tuned.submission)
