"""What the user has chosen on the Cost page, kept with the project."""

from contextlib import suppress

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.state.cost.model_prices import OwnPrices
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError

SETTING = "cost"


class Choices(Struct, frozen=True, omit_defaults=True):
    """`model` is "" and `passes` None while the program chooses."""

    model: str = ""
    passes: int | None = None
    prompt_today: int = 1000
    replies_a_month: int = 10_000
    prices: OwnPrices = {}


class CostChoices(QObject):
    """The choices for the open project; the defaults while none is open."""

    changed = Signal()

    def __init__(self, open_project: OpenProject, parent: QObject) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self.values = Choices()
        open_project.opened.connect(self._load)
        open_project.closed.connect(self._load)
        self._load()

    def update(self, values: Choices) -> None:
        """Take new choices. One that cannot be written holds until the project is closed."""
        if values == self.values:
            return
        self.values = values
        if self._open_project.is_open:
            text = msgspec.json.encode(values).decode()
            # None of the user's work: whoever writes that says what is wrong with the file.
            with suppress(ProjectError):
                self._open_project.project.set_setting(SETTING, text)
        self.changed.emit()

    @Slot()
    def _load(self) -> None:
        text = "{}"
        if self._open_project.is_open:
            text = self._open_project.project.setting(SETTING, "{}")
        try:
            self.values = msgspec.json.decode(text, type=Choices)
        except msgspec.MsgspecError:
            self.values = Choices()
        self.changed.emit()
