from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.ui.button_menu import ButtonMenu


def test_an_entry_is_worded_as_its_button_and_usable_when_it_is(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    run, stop = QPushButton("Run", page), QPushButton("Stop", page)
    stop.hide()
    menu = ButtonMenu("Evaluate", (QAction("New", page), None, run, stop))
    qtbot.addWidget(menu)
    _, line, first, second = menu.actions()
    assert line.isSeparator()
    assert not first.isEnabled()
    page.show()
    run.setText("Run again")
    menu.aboutToShow.emit()
    assert (first.text(), first.isEnabled()) == ("Run again", True)
    assert not second.isEnabled()
    with qtbot.waitSignal(run.clicked):
        first.trigger()
