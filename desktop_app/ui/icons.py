"""Icons: SVG outlines drawn in the palette's own colour, so that they follow the theme."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from typing_extensions import override

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"


class OutlineIcon(QIconEngine):
    """Paints an SVG whose strokes are `currentColor` in the colour of the text around it."""

    def __init__(self, name: str, role: QPalette.ColorRole) -> None:
        super().__init__()
        self._name = name
        self._role = role

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        group = QPalette.ColorGroup.Normal
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
        colour = QGuiApplication.palette().color(group, self._role).name()
        renderer(self._name, colour).render(painter, QRectF(rect))

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            return QPixmap()
        image = QPixmap(size)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return image

    @override
    def clone(self) -> QIconEngine:
        return OutlineIcon(self._name, self._role)


@cache
def renderer(name: str, colour: str) -> QSvgRenderer:
    """The drawing of an icon in one colour. Raises FileNotFoundError for an unknown name."""
    source = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))


def icon(name: str, role: QPalette.ColorRole = QPalette.ColorRole.ButtonText) -> QIcon:
    """An icon by the name of its file in resources/icons."""
    return QIcon(OutlineIcon(name, role))
