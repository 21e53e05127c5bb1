"""A list in which nothing is chosen until somebody chooses."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QListWidget
from typing_extensions import override


class CalmList(QListWidget):
    """Qt makes the first line the current one as soon as the keyboard comes by."""

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.currentRow() >= 0:
            super().focusInEvent(event)
            return
        with QSignalBlocker(self):
            super().focusInEvent(event)
            self.setCurrentRow(-1)
