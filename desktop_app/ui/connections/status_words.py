"""How a connection is, in a word and a colour."""

from PySide6.QtCore import QCoreApplication, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from desktop_app.state.connections.connections import ConnectionStatus
from desktop_app.ui.theme import Colours

DOT = 9


def word(status: ConnectionStatus) -> str:
    """The status in a word or two."""
    words = {
        ConnectionStatus.UNKNOWN: _tr("not asked yet"),
        ConnectionStatus.CONNECTING: _tr("connecting…"),
        ConnectionStatus.READY: _tr("ready"),
        ConnectionStatus.NEEDS_KEY: _tr("needs a key"),
        ConnectionStatus.NEEDS_MODEL: _tr("needs a model"),
        ConnectionStatus.FAILED: _tr("not reached"),
    }
    return words[status]


def tone(status: ConnectionStatus) -> str:
    """The tone of a chip that says the status."""
    tones = {
        ConnectionStatus.READY: "good",
        ConnectionStatus.CONNECTING: "accent",
        ConnectionStatus.NEEDS_KEY: "warning",
        ConnectionStatus.NEEDS_MODEL: "warning",
        ConnectionStatus.FAILED: "bad",
    }
    return tones.get(status, "")


def dot(status: ConnectionStatus, colours: Colours, scale: float) -> QPixmap:
    """A coloured dot; `scale` is the screen's device pixel ratio."""
    return toned_dot(tone(status), colours, scale)


def toned_dot(tone: str, colours: Colours, scale: float) -> QPixmap:
    """A dot in the colour of a tone, faint for none."""
    named = {
        "good": colours.good,
        "accent": colours.accent,
        "warning": colours.warning,
        "bad": colours.bad,
    }
    pixmap = QPixmap(QSize(DOT, DOT) * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(named.get(tone, colours.faint)))
    painter.drawEllipse(QPointF(DOT / 2, DOT / 2), DOT / 2 - 0.5, DOT / 2 - 0.5)
    painter.end()
    return pixmap


def dot_icon(status: ConnectionStatus, colours: Colours, scale: float) -> QIcon:
    """The dot for a menu or a list, where icons are square and larger."""
    return toned_icon(tone(status), colours, scale)


def toned_icon(tone: str, colours: Colours, scale: float) -> QIcon:
    """A toned dot for a list."""
    side = 16
    pixmap = QPixmap(QSize(side, side) * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.drawPixmap(QPointF((side - DOT) / 2, (side - DOT) / 2), toned_dot(tone, colours, scale))
    painter.end()
    result = QIcon(pixmap)
    # Or the style would tint it where the row is selected.
    result.addPixmap(pixmap, QIcon.Mode.Selected)
    return result


def _tr(text: str) -> str:
    return QCoreApplication.translate("status_words", text)
