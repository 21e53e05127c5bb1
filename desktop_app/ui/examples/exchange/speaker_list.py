"""Who speaks in a chat that is text, each with a menu of whose part they take."""

import dataclasses

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, USER
from desktop_app.core.examples.formats.format import Speaker
from desktop_app.ui.widgets.parts import column, isolated, label

MOST_SPEAKERS = 6
LONGEST = 40


class SpeakerList(QWidget):
    """Hidden where nobody is named. `changed` carries the speakers as they are chosen."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._speakers: tuple[Speaker, ...] = ()
        self._menus: list[QComboBox] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(2, 1)
        layout = column(label(self.tr("WHO IS WHO"), "section"), spacing=4)
        layout.addLayout(self._grid)
        self.setLayout(layout)
        self.hide()

    def show_speakers(self, speakers: tuple[Speaker, ...]) -> None:
        """Show who speaks; the menus stay where the names are the same."""
        if [each.name for each in speakers] != [each.name for each in self._speakers]:
            self._rebuild(speakers)
        self._speakers = speakers
        for menu, speaker in zip(self._menus, speakers, strict=False):
            menu.setCurrentIndex(max(0, menu.findData(speaker.role)))
        self.setVisible(bool(speakers))

    def menu(self, place: int) -> QComboBox:
        """The menu of a speaker."""
        return self._menus[place]

    def _rebuild(self, speakers: tuple[Speaker, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        self._menus = []
        for place, speaker in enumerate(speakers[:MOST_SPEAKERS]):
            menu = self._menu(speaker.name)
            self._menus.append(menu)
            self._grid.addWidget(_name(speaker.name), place, 0)
            self._grid.addWidget(menu, place, 1)
            said = self.tr("%Ln message(s)", "", speaker.n_messages)
            self._grid.addWidget(label(said, "small"), place, 2)

    def _menu(self, name: str) -> QComboBox:
        menu = QComboBox()
        menu.addItem(self.tr("User"), USER)
        menu.addItem(self.tr("Assistant"), ASSISTANT)
        menu.addItem(self.tr("System instructions"), SYSTEM)
        menu.addItem(self.tr("Leave out"), "")
        menu.setAccessibleName(self.tr("What %1 is").replace("%1", name))
        menu.activated.connect(self._choose)
        return menu

    @Slot()
    def _choose(self) -> None:
        chosen = [menu.currentData() for menu in self._menus]
        self._speakers = (
            tuple(
                dataclasses.replace(speaker, role=chosen[place])
                for place, speaker in enumerate(self._speakers[: len(chosen)])
            )
            + self._speakers[len(chosen) :]
        )
        self.changed.emit(self._speakers)


def _name(name: str) -> QLabel:
    return label(isolated(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"), "strong")
