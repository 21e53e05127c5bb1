"""Labels, chips, buttons, cards: small widgets whose look the style sheet decides by property."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from desktop_app.ui.icons import icon


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Change a property that the style sheet looks at, and repaint the widget."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def set_tone(widget: QWidget, tone: str) -> None:
    """Change a widget's tone: "", "accent", "good", "warning", "bad", ..."""
    set_property(widget, "tone", tone)


def label(text: str = "", kind: str = "", *, tone: str = "", wrap: bool = False) -> QLabel:
    """A line of text in one of the style sheet's kinds; user text is never read as HTML."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("kind", kind)
    result.setProperty("tone", tone)
    result.setWordWrap(wrap)
    return result


def isolated(text: str) -> str:
    """A user's text for a line of the program's: laid out by its own script's direction.

    Between Unicode's FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX #9); not to be elided
    any more, as that could cut off the end mark.
    """
    return f"\u2068{text}\u2069" if text else ""


def chip(text: str = "", tone: str = "") -> QLabel:
    """A short word in a rounded frame."""
    result = label(text, "chip", tone=tone)
    result.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
    return result


def button(text: str, tone: str = "", icon_name: str = "") -> QPushButton:
    """A push button: "primary" for the one thing to do next, "quiet" for what may wait."""
    result = QPushButton(text)
    result.setProperty("tone", tone)
    result.setAutoDefault(False)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    if icon_name:
        role = QPalette.ColorRole
        result.setIcon(
            icon(icon_name, role.HighlightedText if tone == "primary" else role.ButtonText)
        )
    return result


class IconLabel(QWidget):
    """A picture of fixed size, drawn anew in the theme's colours at every paint."""

    def __init__(
        self, name: str, size: int = 18, role: QPalette.ColorRole = QPalette.ColorRole.ButtonText
    ) -> None:
        super().__init__()
        self._icon = icon(name, role)
        self.setFixedSize(size, size)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


def rule() -> QFrame:
    """A thin line across."""
    result = QFrame()
    result.setProperty("kind", "rule")
    return result


class Card(QFrame):
    """A framed surface; put widgets into `body`."""

    def __init__(self, *, tone: str = "", margin: int = 18, spacing: int = 10) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("tone", tone)
        self.body = column(margin=margin, spacing=spacing)
        self.setLayout(self.body)


class Panel(QFrame):
    """A flat surface that fills a side of the window, with a line at one edge."""

    def __init__(self, edge: str = "", *, margin: int = 14, spacing: int = 10) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setProperty("edge", edge)
        self.body = column(margin=margin, spacing=spacing)
        self.setLayout(self.body)


class Page(QWidget):
    """The ground on which a tab's cards lie."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


def scrolling(inside: QWidget) -> QScrollArea:
    """A widget that scrolls up and down where it is too long, on the ground of what is around."""
    result = QScrollArea()
    result.setWidget(inside)
    result.setWidgetResizable(True)
    result.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    result.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    result.viewport().setAutoFillBackground(False)
    inside.setAutoFillBackground(False)
    return result


def column(*widgets: QWidget | None, margin: int = 0, spacing: int = 8) -> QVBoxLayout:
    """Widgets one under the other."""
    layout = QVBoxLayout()
    _fill(layout, widgets, margin, spacing)
    return layout


def row(*widgets: QWidget | None, margin: int = 0, spacing: int = 8) -> QHBoxLayout:
    """Widgets side by side; None is a space that takes what is left."""
    layout = QHBoxLayout()
    _fill(layout, widgets, margin, spacing)
    return layout


def _fill(
    layout: QBoxLayout, widgets: tuple[QWidget | None, ...], margin: int, spacing: int
) -> None:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
