from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import FunctionCall, Message, ToolCall
from desktop_app.ui.examples.message_card import MessageCard


def test_a_weight_between_is_shown(qtbot: QtBot) -> None:
    card = MessageCard()
    qtbot.addWidget(card)
    card.show()
    card.show_message(1, Message("assistant", "a", weight=0.5))
    assert card.weight.text() == "weight 0.5"
    assert card.weight.isVisible()
    card.show_message(1, Message("assistant", "a", weight=1))
    assert not card.weight.isVisible()


def test_a_role_that_nobody_knows_stays_as_it_is(qtbot: QtBot) -> None:
    card = MessageCard()
    qtbot.addWidget(card)
    card.show_message(0, Message("narrator", "once"))
    assert card.role.currentData() == "narrator"
    card.show_message(0, Message("user", "once"))
    assert card.role.currentData() == "user"


def test_a_tool_message_says_which_call_it_answers(qtbot: QtBot) -> None:
    card = MessageCard()
    qtbot.addWidget(card)
    calls = [ToolCall(f"call_{n}", FunctionCall("find", "{}")) for n in (1, 2)]
    card.show_message(2, Message("tool", "x", tool_call_id="call_2"), (), calls)
    assert card.answer is not None
    assert card.answer.currentData() == "call_2"
    chosen: list[tuple[int, str]] = []
    card.answer_chosen.connect(lambda index, id: chosen.append((index, id)))
    card.answer.setCurrentIndex(0)
    card.answer.activated.emit(0)
    assert chosen == [(2, "call_1")]
    card.show_message(2, Message("tool", "x", tool_call_id="lost"), (), calls)
    assert card.answer.currentText() == "answers no call"


def test_a_handle_tells_where_it_is_dragged_and_let_go(qtbot: QtBot) -> None:
    card = MessageCard()
    qtbot.addWidget(card)
    card.show_message(3, Message("user", "x"))
    card.show()
    dropped: list[tuple[int, bool]] = []
    card.dropped.connect(lambda index, meant: dropped.append((index, meant)))
    handle, left = card.handle, Qt.MouseButton.LeftButton
    QTest.mousePress(handle, left, pos=QPoint(4, 4))
    QTest.mouseRelease(handle, left, pos=QPoint(4, 4))
    assert dropped == []
    QTest.mousePress(handle, left, pos=QPoint(4, 4))
    with qtbot.waitSignal(card.dragged):
        QTest.mouseMove(handle, QPoint(4, 90))
    QTest.mouseRelease(handle, left, pos=QPoint(4, 90))
    assert dropped == [(3, True)]
    QTest.mousePress(handle, left, pos=QPoint(4, 4))
    QTest.mouseMove(handle, QPoint(4, 90))
    QTest.keyClick(handle, Qt.Key.Key_Escape)
    assert dropped == [(3, True), (3, False)]


def test_a_long_problem_is_cut_short_and_told_in_full(qtbot: QtBot) -> None:
    card = MessageCard()
    qtbot.addWidget(card)
    card.show_message(0, Message("user", "x"))
    card.resize(300, 120)
    card.show()
    words = "The value of a thing with a long name is not one that a service takes" * 2
    card.show_problem(words)
    qtbot.waitUntil(lambda: "…" in card.problem.text())
    assert card.problem.geometry().right() <= card.width()
    assert card.problem.toolTip() == words
    card.show_problem("")
    assert card.problem.isHidden()
