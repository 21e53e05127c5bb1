"""The left and the right side of the Examples tab on a real project."""

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.state.notices import Notice, Notices
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.details_panel import DetailsPanel
from desktop_app.ui.examples.list_panel import ListPanel
from desktop_app.ui.examples.step_line import BulkStrip
from desktop_app.ui.theme import Theme
from tests.state.examples.finding_bench import FindingBench


class FindingDesk(FindingBench):
    """Shown as in the window; `current` is the conversation that was gone to last."""

    def __init__(self, qtbot: QtBot, application: QApplication, folder: Path) -> None:
        super().__init__(folder)
        self.theme = Theme(application)
        self.theme.choose("light")
        self.actions = Actions(self.project)
        self.panel = ListPanel(self.conversations, self.project, self.actions, self.theme)
        self.panel.selection_changed.connect(self.selection.set_ids)
        self.current: int | None = None
        self.panel.current_changed.connect(self.take_current)
        self.details = DetailsPanel(
            self.selection, self.note, self.marking, self.bulk, self.conversations.facets,
            self.theme,
        )  # fmt: skip
        self.said: list[Notice] = []
        self.notices = Notices()
        self.notices.posted.connect(self.said.append)
        self.strip = BulkStrip(self.bulk, self.notices)
        for widget in (self.panel, self.details, self.strip):
            qtbot.addWidget(widget)
        self.panel.resize(350, 500)
        self.panel.show()
        self.details.show()

    def take_current(self, id: int | None) -> None:
        self.current = id

    @property
    def top(self) -> int:
        """How far the list is scrolled, in pixels."""
        return self.panel.view.verticalScrollBar().value()
