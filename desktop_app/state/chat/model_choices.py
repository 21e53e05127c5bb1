"""The models that Chat and Evaluate offer: this project's, others that are tuned, base models."""

from collections import Counter

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.state.chat.kept_models import KeptModels, Pair
from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.connections.connections import Connections, ConnectionStatus
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import TunedModel
from desktop_app.state.open_project import OpenProject


class ModelChoices(QObject):
    """What the active connection has to offer, and what was chosen of it (kept as `setting`)."""

    changed = Signal()

    def __init__(
        self,
        jobs: Jobs,
        connections: Connections,
        open_project: OpenProject,
        setting: str,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._connections = connections
        self._kept = KeptModels(open_project, setting, self)
        self._all = self._look()
        jobs.changed.connect(self._refresh)
        jobs.finished.connect(self._refresh)
        connections.changed.connect(self._refresh)

    @property
    def all(self) -> tuple[ModelChoice, ...]:
        """This project's models, newest first, other tuned ones, then base models."""
        return self._all

    @property
    def tuned(self) -> tuple[ModelChoice, ...]:
        return tuple(choice for choice in self._all if choice.is_tuned)

    @property
    def newest(self) -> ModelChoice | None:
        """The newest model of this project."""
        return next((choice for choice in self._all if choice.submission), None)

    @property
    def base(self) -> ModelChoice | None:
        """The base model, if one has been chosen."""
        return next((choice for choice in self._all if not choice.is_tuned), None)

    def of(self, tuned: TunedModel) -> ModelChoice | None:
        """The choice for a model that a job made; None for a job of another project."""
        record = self._jobs.record(tuned.submission)
        return None if record is None else self._choice(record.connection, tuned)

    # What was chosen

    @property
    def kept(self) -> Pair:
        """What was chosen at the active connection and is still to be had there."""
        first, second = self._kept.of(self._connections.active.id)
        return self.found(first), self.found(second)

    def keep(self, first: ModelChoice | None, second: ModelChoice | None) -> None:
        """Remember what was chosen, over a restart too."""
        chosen = first or second
        connection = chosen.connection if chosen else self._connections.active.id
        self._kept.keep(connection, (first, second))

    def found(self, choice: ModelChoice | None) -> ModelChoice | None:
        """The same model as it is offered now, None if it no longer is.

        Until the connection has told what it has, a model counts as there.
        """
        if choice is None:
            return None
        for offered in self._all:
            if offered.is_same_as(choice):
                return offered
        is_here = choice.connection == self._connections.active.id
        is_known = self._connections.status is ConnectionStatus.READY
        return choice if is_here and not is_known else None

    def start(
        self, model: ModelChoice | None = None, against: ModelChoice | None = None
    ) -> tuple[ModelChoice | None, ModelChoice | None]:
        """What to begin a chat with: what was chosen, else these, else the newest model."""
        kept, beside = self.kept
        if kept is not None:
            return kept, beside
        found = self.found(model)
        return (found, self.found(against)) if found else (self.newest or self.base, None)

    # What there is

    @Slot()
    def _refresh(self) -> None:
        found = self._look()
        if found != self._all:
            self._all = found
            self.changed.emit()

    def _look(self) -> tuple[ModelChoice, ...]:
        connection = self._connections.active.id
        own = [self._choice(connection, tuned) for tuned in self._jobs.tuned_models(connection)]
        known = {choice.model for choice in own}
        return (*own, *self._elsewhere(connection, known), *self._bases(connection, known))

    def _elsewhere(self, connection: str, known: set[str]) -> list[ModelChoice]:
        """Tuned models of other projects, and those brought in, the newest first."""
        listed = [
            each
            for each in self._connections.models
            if each.id.startswith("ft:") and each.id not in known
        ]
        listed.sort(key=lambda each: each.created or 0, reverse=True)
        found = [
            ModelChoice(connection, each.id, short_name(each.id), is_from_elsewhere=True)
            for each in listed
        ]
        times = Counter(choice.name for choice in found)
        return [each if times[each.name] == 1 else _told_apart(each) for each in found]

    def _bases(self, connection: str, known: set[str]) -> list[ModelChoice]:
        """The model to start from, then the others that could be."""
        chosen = self._connections.base_model
        offered = [chosen, *self._connections.base_models(connection)]
        return [
            ModelChoice(connection, model, short_name(model))
            for model in dict.fromkeys(offered)
            if model and model not in known
        ]

    def _choice(self, connection: str, tuned: TunedModel) -> ModelChoice:
        name = tuned.name or short_name(tuned.model_id)
        if tuned.step is not None:
            name = self.tr("{name}, step {step}").format(name=name, step=tuned.step)
        return ModelChoice(connection, tuned.model_id, name, tuned.submission)


def _told_apart(choice: ModelChoice) -> ModelChoice:
    """Two models of one name go by their id as well: ft:base:owner:suffix:id[:ckpt-step-n]."""
    part = (*choice.model.split(":"), "", "", "", "", "")[4]
    return msgspec.structs.replace(choice, name=f"{choice.name} · {part}") if part else choice
