"""Room for what a dialog says."""

from PySide6.QtWidgets import QDialog


def make_room(dialog: QDialog) -> None:
    """Let a dialog be as high as its words need.

    Qt opens none higher than two thirds of the screen, which on a small one cuts lines in half, and
    leaves it as it is when more is said.
    """
    needed = dialog.heightForWidth(dialog.width())
    dialog.resize(dialog.width(), max(dialog.height(), needed))
