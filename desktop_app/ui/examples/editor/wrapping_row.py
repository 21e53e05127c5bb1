"""Buttons side by side that go on in a further row where there is no room for them."""

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget
from typing_extensions import override


class WrappingLayout(QLayout):
    """Lays widgets out in the direction of reading, as many in a row as fit."""

    def __init__(self, spacing: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(QMargins())

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return self._lay_out(QRect(0, 0, width, 0), move=False)

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._lay_out(rect, move=True)

    @override
    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() + self._gap for size in sizes) - self._gap
        return QSize(max(0, width), max((size.height() for size in sizes), default=0))

    @override
    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        width = max((size.width() for size in sizes), default=0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def _lay_out(self, rect: QRect, *, move: bool) -> int:
        """Return the height that is needed; put the widgets there if asked to."""
        rows: list[list[QLayoutItem]] = [[]]
        x = 0
        for item in self._items:
            if item.isEmpty():
                continue
            width = item.sizeHint().width()
            if x and x + width > rect.width():
                rows.append([])
                x = 0
            rows[-1].append(item)
            x += width + self._gap
        y = rect.y()
        for items in rows:
            high = max((item.sizeHint().height() for item in items), default=0)
            if move:
                self._place(items, QRect(rect.x(), y, rect.width(), high))
            y += high + self._gap
        return y - self._gap - rect.y()

    def _place(self, items: list[QLayoutItem], rect: QRect) -> None:
        parent = self.parentWidget()
        is_rtl = parent is not None and parent.isRightToLeft()
        x = 0
        for item in items:
            size = item.sizeHint()
            left = rect.width() - x - size.width() if is_rtl else x
            above = (rect.height() - size.height()) // 2
            item.setGeometry(QRect(rect.topLeft() + QPoint(left, above), size))
            x += size.width() + self._gap


def wrapping_row(*widgets: QWidget, spacing: int = 8) -> QWidget:
    """A row of widgets that wraps."""
    result = QWidget()
    layout = WrappingLayout(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    result.setLayout(layout)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    result.setSizePolicy(policy)
    return result
