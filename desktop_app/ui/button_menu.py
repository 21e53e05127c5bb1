"""A menu of what the buttons of a tab do, for those who use no mouse."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMenu


class ButtonMenu(QMenu):
    """Actions, and entries worded as their button and usable when it is; None is a line between."""

    def __init__(self, title: str, entries: Sequence[QAction | QAbstractButton | None]) -> None:
        super().__init__(title)
        self._buttons: dict[QAction, QAbstractButton] = {}
        for entry in entries:
            if entry is None:
                self.addSeparator()
            elif isinstance(entry, QAction):
                self.addAction(entry)
            else:
                action = self.addAction(entry.text())
                action.triggered.connect(self._press)
                self._buttons[action] = entry
        self.aboutToShow.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        for action, button in self._buttons.items():
            action.setText(button.text())
            action.setEnabled(button.isVisible() and button.isEnabled())

    @Slot()
    def _press(self) -> None:
        sender: QObject = self.sender()
        if isinstance(sender, QAction):
            self._buttons[sender].click()
