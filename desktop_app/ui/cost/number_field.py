"""Fields for numbers without arrows: the arrow keys do the same."""

from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

INSET = 7
"""Qt leaves the style sheet's padding out in a field whose arrows have no width."""


def whole_number(name: str, least: int, most: int, step: int = 1) -> QSpinBox:
    """A field for a whole number, with separators between its thousands."""
    result = QSpinBox()
    result.setProperty("kind", "plain")
    result.lineEdit().setTextMargins(INSET, 0, INSET, 0)
    result.setRange(least, most)
    result.setSingleStep(step)
    result.setGroupSeparatorShown(True)
    result.setKeyboardTracking(False)
    result.setAccessibleName(name)
    return result


def dollars(name: str, most: float) -> QDoubleSpinBox:
    """A field for US dollars with cents."""
    result = QDoubleSpinBox()
    result.setProperty("kind", "plain")
    result.lineEdit().setTextMargins(INSET, 0, INSET, 0)
    result.setRange(0.0, most)
    result.setDecimals(2)
    result.setPrefix("$")
    result.setGroupSeparatorShown(True)
    result.setAccessibleName(name)
    return result
