"""Where the Tab key leads."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def tab_stops(widget: QWidget) -> list[QWidget]:
    """Return what Tab leads to within a widget and at itself, in the order it was made."""
    wanted, window = Qt.FocusPolicy.TabFocus, widget.window()
    found = [widget, *widget.findChildren(QWidget)]
    # The lists that boxes unfold are windows of their own.
    return [each for each in found if each.focusPolicy() & wanted and each.window() is window]
