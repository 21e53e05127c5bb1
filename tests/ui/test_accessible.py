"""Everything that takes the keyboard has a name, and lets go of it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop_app.app import Places, Program
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.navigation import TABS
from desktop_app.storage.project.rows import Filter
from desktop_app.storage.settings import ConnectionSettings
from desktop_app.ui.about_dialogs import AboutDialog, ShortcutsDialog
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.cost.price_dialog import PriceDialog
from desktop_app.ui.examples.dialogs.find_replace_dialog import FindReplaceDialog
from desktop_app.ui.examples.dialogs.history_dialog import HistoryDialog
from desktop_app.ui.examples.dialogs.set_check_dialog import SetCheckDialog
from desktop_app.ui.examples.dialogs.test_set_dialog import TestSetDialog
from desktop_app.ui.examples.dialogs.tuning_dialog import TuningDialog
from desktop_app.ui.examples.dialogs.versions_dialog import VersionsDialog
from desktop_app.ui.examples.editor.shared_instructions_dialog import SharedInstructionsDialog
from desktop_app.ui.examples.editor.tools_dialog import ToolsDialog
from desktop_app.ui.models.adapter_dialog import AdapterDialog
from desktop_app.ui.models.models_dialog import ModelsDialog

CHAT = Conversation((Message(role="user", content="नमस्ते"), Message(role="assistant", content="")))


@pytest.fixture
def program(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Program]:
    places = Places(tmp_path / "config", tmp_path / "engine", tmp_path / "projects")
    program = Program(qapp, places)
    qtbot.addWidget(program.window)
    program.open_project.create(tmp_path / "one.exemplar")
    program.open_project.add([CHAT, CHAT])
    program.window.show()
    yield program
    program.shut_down()
    qapp.setStyleSheet("")
    program.deleteLater()


def unnamed(root: QWidget) -> list[str]:
    """The widgets under `root` that take the keyboard and say nothing of what they are."""
    buddies = {label.buddy() for label in root.findChildren(QLabel)}
    return [
        f"{type(each).__name__} in {type(each.parent()).__name__}"
        for each in root.findChildren(QWidget)
        if takes_keys(each) and not is_named(each) and each not in buddies
    ]


def takes_keys(widget: QWidget) -> bool:
    """Whether Tab leads to it. What Qt puts inside a box or a list goes by that one's name."""
    above = widget.parent()
    owners = (above, above.parent() if above is not None else None)
    is_part = any(isinstance(each, QComboBox | QAbstractItemView) for each in owners)
    is_inner = widget.objectName().startswith("qt_")
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and not is_part and not is_inner


def is_named(widget: QWidget) -> bool:
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    return bool(widget.accessibleName() or text)


def traps(root: QWidget) -> list[str]:
    """The text boxes in which Tab would type a tab."""
    plain = [box for box in root.findChildren(QPlainTextEdit) if not box.tabChangesFocus()]
    rich = [box for box in root.findChildren(QTextEdit) if not box.tabChangesFocus()]
    return [box.accessibleName() for box in (*plain, *rich)]


def dialogs(program: Program) -> Iterator[QDialog]:
    window = program.window
    yield AboutDialog(window)
    yield ShortcutsDialog([program.actions.find], window)
    desk = program.desk
    yield FindReplaceDialog(desk.finder, desk.bulk, program.open_project, Filter(), window)
    yield HistoryDialog(
        desk.conversations.ids[0], desk.edited, program.open_project, program.theme, window
    )
    yield VersionsDialog(desk.versions, desk.bulk, program.open_project, program.theme, window)
    yield SetCheckDialog(desk, window)
    yield TestSetDialog(desk, window)
    yield TuningDialog(program.open_project, program.runner, window)
    yield ToolsDialog(desk.edited, window)
    yield SharedInstructionsDialog(desk.edited, window)
    yield ConnectionsDialog(program.connections, program.theme, window)
    yield PriceDialog(program.cost, window)
    # Nobody listens there, so that no engine is started to be asked for its models.
    nowhere = ConnectionSettings("box", "engine", "The box", "https://127.0.0.1:9/v1")
    program.connections.save(nowhere)
    yield ModelsDialog(program.connections, nowhere.id, program.theme, window)
    yield AdapterDialog(program.connections.engines.models(nowhere.id), window)


def test_the_window_can_be_used_by_keyboard_and_by_ear(qtbot: QtBot, program: Program) -> None:
    for tab in TABS:
        program.navigation.show(tab)
        qtbot.wait(20)
    program.actions.new_job.trigger()
    assert unnamed(program.window) == []
    assert traps(program.window) == []


def test_the_dialogs_can_be_used_by_keyboard_and_by_ear(qtbot: QtBot, program: Program) -> None:
    for dialog in dialogs(program):
        dialog.open()
        assert dialog.windowTitle()
        assert unnamed(dialog) == [], dialog.windowTitle()
        assert traps(dialog) == []
        with qtbot.waitSignal(dialog.destroyed):
            dialog.close()


def test_what_has_no_name_is_found(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    QPlainTextEdit(box)
    assert unnamed(box) == ["QPlainTextEdit in QWidget"]
    assert len(traps(box)) == 1
