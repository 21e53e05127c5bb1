"""The handle by which a card is dragged to another place."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget
from typing_extensions import override

from desktop_app.ui.widgets.parts import IconLabel, row


class DragHandle(QWidget):
    """Tells where it is dragged, in places of the screen, and then whether it was let go there.

    Not one of Qt's drags: those run an event loop of their own until the button is released.
    """

    moved = Signal(QPoint)
    released = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._pressed_at: QPoint | None = None
        self._is_dragging = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(self.tr("Drag to another place (Alt+Up, Alt+Down)"))
        self.setAccessibleName(self.tr("Move this message"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setLayout(row(IconLabel("grip-vertical", 14)))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.globalPosition().toPoint()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            # For Escape, which ends it without a move.
            self.setFocus()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.globalPosition().toPoint()
        if self._pressed_at is None:
            return
        far = (place - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
        self._is_dragging = self._is_dragging or far
        if self._is_dragging:
            self.moved.emit(place)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._end(is_meant=True)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end(is_meant=False)

    def _end(self, *, is_meant: bool) -> None:
        if self._pressed_at is None:
            return
        was_dragging = self._is_dragging
        self._pressed_at = None
        self._is_dragging = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if was_dragging:
            self.released.emit(is_meant)
