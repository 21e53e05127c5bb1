"""What the tests of the desk's dialogs share: the whole program, and ways to get at a dialog."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.ui.actions import Actions

D = TypeVar("D", bound=QDialog)

OPENED_BY = {
    "FindReplaceDialog": "find_replace",
    "HistoryDialog": "conversation_history",
    "SetCheckDialog": "check_set",
    "TestSetDialog": "choose_test_set",
    "TuningDialog": "should_tune",
    "VersionsDialog": "versions",
}
"""The actions that open them."""


def chat(question: str, answer: str = "It is on its way.") -> Conversation:
    return Conversation((Message("user", question), Message("assistant", answer)))


def opened(program: Program, kind: type[D]) -> D:
    """Open a dialog by its menu item."""
    actions: Actions = program.actions
    getattr(actions, OPENED_BY[kind.__name__]).trigger()
    (dialog,) = program.window.findChildren(kind)
    assert dialog.isVisible()
    return dialog


def at_rest(qtbot: QtBot, program: Program) -> None:
    """Wait until nothing goes on in the background, and spare the pause before the last of it."""
    checks = program.desk.checks

    def is_current() -> bool:
        if checks._quiet.isActive():
            checks._quiet.start(0)
        return checks.is_current

    qtbot.waitUntil(is_current, timeout=20_000)
    qtbot.waitUntil(lambda: program.runner.running == 0, timeout=20_000)


def first_texts(program: Program) -> list[str]:
    """The first message of each conversation, in order."""
    found = program.open_project.project.conversations()
    return [conversation.messages[0].text for _, conversation in found]


def is_reached_by_tab(qtbot: QtBot, dialog: QDialog, wanted: QWidget) -> bool:
    """Whether Tab comes by, from wherever the keyboard is."""
    qtbot.waitUntil(lambda: dialog.focusWidget() is not None)
    seen: list[QWidget] = []
    while (now := dialog.focusWidget()) is not None and now not in seen:
        if now is wanted:
            return True
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    return False
