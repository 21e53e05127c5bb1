from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.ui.examples.conversation_editor import FIRST_CARDS, MAX_CARDS
from tests.ui.examples.editor.editor_bench import Bench, chat

LONG = chat(*(f"message {n}" for n in range(MAX_CARDS + 30)))


def shown_texts(bench: Bench) -> list[str]:
    count = len(bench.edited.conversation.all_messages)
    return [bench.editor.card(index).text.words for index in range(count)]


def test_a_card_goes_with_its_message(bench: Bench) -> None:
    bench.show(chat("one", "two", "three", "four"))
    cards = [bench.editor.card(index) for index in range(4)]
    bench.editor.commands.move(0, 2)
    assert shown_texts(bench) == bench.texts() == ["two", "three", "one", "four"]
    assert bench.editor.card(2) is cards[0]
    assert bench.editor.commands.index == 2
    bench.project.undo()
    assert shown_texts(bench) == ["one", "two", "three", "four"]
    assert [bench.editor.card(index).index for index in range(4)] == [0, 1, 2, 3]


def test_the_same_message_twice_has_two_cards(bench: Bench) -> None:
    bench.show(chat("one", "two"))
    bench.editor.commands.take(0)
    bench.editor.commands.actions.duplicate.trigger()
    assert shown_texts(bench) == ["one", "one", "two"]
    QTest.keyClicks(bench.editor.card(1).text, "x")
    assert bench.texts() == ["one", "xone", "two"]


def test_ctrl_enter_adds_the_next_message(qtbot: QtBot, bench: Bench) -> None:
    bench.show(chat("one", "two"))
    with qtbot.waitActive(bench.editor):
        bench.editor.activateWindow()
    bench.editor.focus_message(1)
    QTest.keyClick(
        bench.editor.card(1).text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    QTest.keyClicks(bench.editor.card(2).text, "three")
    QTest.keyClick(
        bench.editor.card(2).text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert bench.texts() == ["one", "two", "three", ""]
    assert [m.role for m in bench.edited.conversation.messages[2:]] == ["user", "assistant"]
    assert bench.editor.card(3).text.hasFocus()


def test_ctrl_enter_goes_to_the_reply_that_waits(bench: Bench) -> None:
    bench.show(chat("one", "", "three"))
    bench.editor.commands.take(0)
    bench.editor.commands.actions.next.trigger()
    assert bench.texts() == ["one", "", "three"]
    assert bench.editor.commands.index == 1
    bench.editor.commands.actions.next.trigger()
    assert bench.editor.commands.index == 2
    assert bench.texts() == ["one", "", "", "three"]


def test_after_a_division_the_cursor_is_before_the_cut(bench: Bench) -> None:
    bench.show(chat("one", "two", "three", "four"))
    bench.editor.commands.take(2)
    bench.editor.commands.actions.divide.trigger()
    assert bench.texts() == ["one", "two"]
    assert bench.editor.commands.index == 1


def test_what_is_in_the_bin_is_only_read(bench: Bench) -> None:
    bench.show(chat("one", "two"))
    editor = bench.editor
    editor.show_binned(True)
    assert editor.binned.isVisibleTo(editor)
    assert not editor.card(0).text.isEnabled()
    commands = editor.commands
    assert not any(
        action.isEnabled() for action in (commands.actions.delete, commands.actions.next)
    )
    commands.move(0, 1)
    assert bench.texts() == ["one", "two"]
    editor.show_binned(False)
    assert commands.actions.delete.isEnabled()
    assert editor.card(0).text.isEnabled()
    assert editor.binned.isHidden()


def test_the_menu_of_a_message_does_what_it_says(bench: Bench) -> None:
    bench.show(chat("one", "two", "three", "four"))
    actions = bench.editor.commands.actions
    bench.editor.commands.take(2)
    assert actions.divide.isEnabled()
    actions.above.trigger()
    actions.below.trigger()
    assert bench.texts() == ["one", "two", "", "", "three", "four"]
    actions.delete.trigger()
    bench.editor.commands.take(2)
    actions.delete.trigger()
    assert bench.texts() == ["one", "two", "three", "four"]
    bench.editor.commands.take(2)
    actions.divide.trigger()
    assert bench.texts() == ["one", "two"]
    assert bench.project.counts.conversations == 2


def test_the_menu_of_the_words_has_that_of_the_message_too(qtbot: QtBot, bench: Bench) -> None:
    bench.show(chat("one", "two"))
    menu = bench.editor.card(1).text.createStandardContextMenu()
    qtbot.addWidget(menu)
    before = len(menu.actions())
    bench.editor.card(1).menu_wanted.emit(1, menu, QPoint())
    inner = menu.actions()[-1].menu()
    assert len(menu.actions()) == before + 2
    assert isinstance(inner, QMenu)
    assert bench.editor.commands.actions.delete in inner.actions()
    assert bench.editor.commands.index == 1


def test_a_card_is_dragged_to_another_place(qtbot: QtBot, bench: Bench) -> None:
    bench.show(chat("one", "two", "three"))
    qtbot.waitUntil(lambda: bench.editor.card(2).y() > bench.editor.card(1).y() > 0)
    column = bench.editor.card(0).parentWidget()
    assert column is not None
    below_all = column.mapToGlobal(QPoint(10, column.height() - 1))
    bench.editor.card(0).dragged.emit(0, below_all)
    assert column.marker.isVisible()  # type: ignore[attr-defined]  # a CardColumn
    bench.editor.card(0).dropped.emit(0, False)
    assert bench.texts() == ["one", "two", "three"]
    bench.editor.card(0).dragged.emit(0, below_all)
    bench.editor.card(0).dropped.emit(0, True)
    assert bench.texts() == ["two", "three", "one"]
    top = column.mapToGlobal(QPoint(10, 0))
    bench.editor.card(2).dragged.emit(2, top)
    bench.editor.card(2).dropped.emit(2, True)
    assert bench.texts() == ["one", "two", "three"]
    assert not column.marker.isVisible()  # type: ignore[attr-defined]  # a CardColumn


def test_many_messages_come_bit_by_bit_and_the_rest_when_asked_for(
    qtbot: QtBot, bench: Bench
) -> None:
    bench.show(LONG)
    assert bench.editor.card(FIRST_CARDS - 1).text.words == f"message {FIRST_CARDS - 1}"
    bench.editor.focus_message(100)
    assert bench.editor.card(100).text.words == "message 100"
    cards = bench.editor._cards
    qtbot.waitUntil(lambda: len(cards.cards) == MAX_CARDS, timeout=20_000)
    assert bench.editor.show_more.isVisible()
    bench.editor.show_more.click()
    qtbot.waitUntil(lambda: len(cards.cards) == MAX_CARDS + 30, timeout=20_000)
    assert not bench.editor.show_more.isVisible()
    bench.show(chat("short", "one"))
    assert shown_texts(bench) == ["short", "one"]
    assert sum(not card.isHidden() for card in cards.cards) == 2


def test_tab_leads_down_through_the_messages(bench: Bench) -> None:
    bench.show(chat("one", "two", "three"))
    bench.editor.commands.move(2, 0)
    bench.edited.add_message(index=1)
    boxes = [bench.editor.card(index).text for index in range(4)]
    chain: list[QWidget] = [bench.editor]
    while (following := chain[-1].nextInFocusChain()) is not bench.editor:
        assert following is not None
        chain.append(following)
    places = [chain.index(box) for box in boxes]
    assert all(one < other for one, other in pairwise(places))
    assert chain.index(bench.editor._add_user) > places[-1]


def test_shared_instructions_stand_above_and_can_be_left(bench: Bench) -> None:
    bench.show(chat("one", "two"))
    assert bench.editor.shared.isHidden()
    bench.edited.set_shared_instructions(SharedInstructions("Be brief."))
    assert bench.editor.shared.isVisible()
    assert bench.editor.shared.text.text() == "Be brief."
    assert bench.editor.shared.shared_by.text() == "shared by the whole project"
    bench.editor.shared.own.click()
    assert bench.edited.conversation.messages[0] == Message("system", "Be brief.")
    assert bench.editor.shared.isHidden()
    bench.editor.use_shared.click()
    assert bench.texts() == ["one", "two"]
    assert bench.editor.shared.isVisible()
    assert bench.editor.use_shared.isHidden()


def test_two_replies_side_by_side(bench: Bench) -> None:
    bench.show(chat("question", "good"))
    bench.editor.commands.actions.compare.trigger()
    pair = bench.editor.pair
    assert pair.isVisible()
    better, worse = bench.editor.card(1), bench.editor.card(2)
    assert (better.standing.text(), worse.standing.text()) == ("Preferred", "Not preferred")
    assert worse.text.hasFocus() or not bench.editor.isActiveWindow()
    QTest.keyClicks(worse.text, "bad")
    assert bench.texts() == ["question", "good", "bad"]
    bench.edited.write()
    pair.swap.click()
    assert bench.texts() == ["question", "bad", "good"]
    assert bench.editor.card(1).text.words == "bad"
    assert bench.editor.card(1).standing.text() == "Preferred"
    bench.editor.commands.take(2)
    bench.editor.commands.actions.delete.trigger()
    assert pair.add_other.isVisible()
    pair.add_other.click()
    assert bench.texts() == ["question", "bad", ""]
    pair.keep.click()
    assert bench.texts() == ["question", "bad"]
    assert pair.isHidden()


@pytest.mark.parametrize("width", [900, 480])
def test_replies_stand_under_each_other_where_it_is_narrow(
    qtbot: QtBot, bench: Bench, width: int
) -> None:
    one, other = Message("assistant", "a"), Message("assistant", "b")
    bench.show(Conversation(chat("q").messages, preferred=(one,), non_preferred=(other,)))
    bench.editor.resize(width, 700)
    cards = (bench.editor.card(1), bench.editor.card(2))
    if width > 600:
        qtbot.waitUntil(lambda: cards[0].y() == cards[1].y() and cards[0].x() < cards[1].x())
    else:
        qtbot.waitUntil(lambda: cards[0].x() == cards[1].x() and cards[0].y() < cards[1].y())
    assert cards[1].mapTo(bench.editor, cards[1].rect().topRight()).x() <= width


def test_a_problem_of_a_reply_is_marked_on_it(bench: Bench) -> None:
    empty = Message("assistant", "")
    bench.show(Conversation(chat("q").messages, preferred=(Message("assistant", "a"),),
                            non_preferred=(empty,)))  # fmt: skip
    assert not bench.editor.card(1).problem.full_text
    assert bench.editor.card(2).problem.full_text


def test_a_long_message_is_counted_after_a_pause(qtbot: QtBot, bench: Bench) -> None:
    qtbot.waitUntil(lambda: bench.editor._tokens._is_ready, timeout=10_000)
    bench.show(chat("word " * 20_000, "two"))
    card = bench.editor.card(0)
    qtbot.waitUntil(lambda: card.tokens.text().startswith("20"), timeout=5000)
    QTest.keyClicks(card.text, "x")
    assert card.tokens.text() == ""
