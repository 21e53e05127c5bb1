"""Fields under one another, each with its name at the left."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from desktop_app.ui.widgets.parts import label

LABEL_WIDTH = 66


def field_grid(fields: Sequence[tuple[str, QWidget]], *, spacing: int = 9) -> QGridLayout:
    """The names and fields. Not a QFormLayout: that gives a field of several lines one."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(spacing)
    grid.setColumnMinimumWidth(0, LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    for place, (text, field) in enumerate(fields):
        named = label(text, "muted")
        if not isinstance(field, QLabel):
            named.setBuddy(field)
        may_wrap = isinstance(field, QLabel) or field.hasHeightForWidth()
        named.setContentsMargins(0, 0 if isinstance(field, QLabel) else 3, 0, 0)
        side = Qt.AlignmentFlag.AlignTop if may_wrap else Qt.AlignmentFlag.AlignVCenter
        grid.addWidget(named, place, 0, side)
        is_fixed = field.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Fixed
        if is_fixed:
            grid.addWidget(field, place, 1, Qt.AlignmentFlag.AlignLeft)
        else:
            grid.addWidget(field, place, 1)
    return grid
