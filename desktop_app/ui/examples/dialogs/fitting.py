"""A dialog whose text scrolls where the screen is small, and is all there where it is not."""

from PySide6.QtWidgets import QDialog, QScrollArea

SHARE_OF_SCREEN = 0.85


def fit_height(dialog: QDialog, scroll: QScrollArea) -> None:
    """Make a visible dialog as high as what scrolls in it, as far as the screen has room."""
    widget = scroll.widget()
    layout = widget.layout() if widget is not None else None
    if layout is not None:
        inside = layout.totalHeightForWidth(scroll.viewport().width())
        around = dialog.height() - scroll.viewport().height()
        room = int(dialog.screen().availableGeometry().height() * SHARE_OF_SCREEN)
        dialog.resize(dialog.width(), min(inside + around, room))
