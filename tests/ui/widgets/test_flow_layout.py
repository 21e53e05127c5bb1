from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.flow_layout import FlowLayout


def flow(qtbot: QtBot, direction: Qt.LayoutDirection) -> tuple[QWidget, list[QPushButton]]:
    """Three buttons of 100 by 20, 30 and 20 where two fit into a line."""
    place = QWidget()
    qtbot.addWidget(place)
    layout = FlowLayout(spacing=4)
    place.setLayoutDirection(direction)
    place.setLayout(layout)
    buttons = [QPushButton(str(number)) for number in range(3)]
    for button, height in zip(buttons, (20, 30, 20), strict=True):
        button.setFixedSize(100, height)
        layout.addWidget(button)
    place.resize(250, 100)
    place.show()
    assert layout.heightForWidth(250) == 30 + 4 + 20
    return place, buttons


def test_a_line_is_full_and_another_begins(qtbot: QtBot) -> None:
    _place, (one, two, three) = flow(qtbot, Qt.LayoutDirection.LeftToRight)
    assert (one.x(), two.x(), three.x()) == (0, 104, 0)
    assert one.geometry().center().y() == two.geometry().center().y()
    assert three.y() == 34


def test_lines_begin_at_the_right_where_the_window_does(qtbot: QtBot) -> None:
    _place, (one, two, three) = flow(qtbot, Qt.LayoutDirection.RightToLeft)
    assert (one.x(), two.x(), three.x()) == (150, 46, 150)
