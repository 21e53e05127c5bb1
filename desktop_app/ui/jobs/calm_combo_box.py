"""A choice that scrolling does not change."""

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox
from typing_extensions import override


class CalmComboBox(QComboBox):
    """In a form that scrolls, the wheel must not change what is paid for."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
