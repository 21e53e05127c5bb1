"""Which models were chosen last, kept in the project for each connection."""

from contextlib import suppress

import msgspec
from PySide6.QtCore import QObject, Slot

from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError

Pair = tuple[ModelChoice | None, ModelChoice | None]
NONE: Pair = (None, None)


class KeptModels(QObject):
    """`setting` names the place in the project; what cannot be read there counts as not chosen."""

    def __init__(self, open_project: OpenProject, setting: str, parent: QObject) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._setting = setting
        self._pairs: dict[str, Pair] = {}
        open_project.opened.connect(self._load)
        open_project.closed.connect(self._clear)
        if open_project.is_open:
            self._load()

    def of(self, connection: str) -> Pair:
        """The models chosen at a connection: the first, and the one beside it."""
        return self._pairs.get(connection, NONE)

    def keep(self, connection: str, pair: Pair) -> None:
        """Remember a choice, over a restart too."""
        if pair == self.of(connection) or not self._open_project.is_open:
            return
        self._pairs[connection] = pair
        # It holds until the program ends; that the project cannot be written is told by its edits.
        with suppress(ProjectError):
            body = msgspec.json.encode(self._pairs).decode()
            self._open_project.project.set_setting(self._setting, body)

    @Slot()
    def _load(self) -> None:
        self._pairs = {}
        with suppress(msgspec.DecodeError):
            body = self._open_project.project.setting(self._setting, "{}")
            self._pairs = msgspec.json.decode(body, type=dict[str, Pair])

    @Slot()
    def _clear(self) -> None:
        self._pairs = {}
