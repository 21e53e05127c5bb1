"""Widgets side by side that go on in a further line where there is no room."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QStyle, QWidget
from typing_extensions import override

LEAST = 100
"""Pixels: a widget that is wider is cut off before what is around would have to be wider."""


class FlowLayout(QLayout):
    """Lines as running text has them; hidden widgets take no room."""

    def __init__(self, spacing: int = 4) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        self._items: list[QLayoutItem] = []

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()

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
        return self._place(QRect(0, 0, width, 0), move=False)

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    @override
    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._shown]
        width = sum(size.width() for size in sizes) + self.spacing() * (len(sizes) - 1)
        return QSize(max(0, width), max((size.height() for size in sizes), default=0))

    @override
    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._shown:
            size = size.expandedTo(item.minimumSize())
        return size.boundedTo(QSize(LEAST, size.height()))

    @property
    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, area: QRect, *, move: bool) -> int:
        """Return the height that is needed, in pixels."""
        y = area.top()
        for line in self._lines(area.width()):
            height = max(item.sizeHint().height() for item in line)
            if move:
                self._move(line, QRect(area.left(), y, area.width(), height))
            y += height + self.spacing()
        return max(0, y - self.spacing() - area.top())

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = width + 1
        for item in self._shown:
            wanted = min(item.sizeHint().width(), width)
            if used + wanted > width:
                lines.append([])
                used = 0
            lines[-1].append(item)
            used += wanted + self.spacing()
        return lines

    def _move(self, line: list[QLayoutItem], area: QRect) -> None:
        """Put items side by side, from the side where the window's lines begin."""
        parent = self.parentWidget()
        direction = (
            parent.layoutDirection() if parent is not None else Qt.LayoutDirection.LeftToRight
        )
        x = area.left()
        for item in line:
            size = item.sizeHint().boundedTo(area.size())
            place = QRect(QPoint(x, area.top() + (area.height() - size.height()) // 2), size)
            item.setGeometry(QStyle.visualRect(direction, area, place))
            x += size.width() + self.spacing()


def wrapping_row(*widgets: QWidget, spacing: int = 8) -> QWidget:
    """A row of widgets that wraps."""
    result = QWidget()
    layout = FlowLayout(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    result.setLayout(layout)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    result.setSizePolicy(policy)
    return result
