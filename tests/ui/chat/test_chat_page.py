import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.state.chat.document import DONE, STOPPED, Reply, Turn
from desktop_app.state.navigation import Navigation
from desktop_app.ui.chat.chat_page import ChatPage
from desktop_app.ui.chat.reply_card import ReplyCard
from desktop_app.ui.chat.turn_row import TurnRow
from desktop_app.ui.theme import Theme
from tests.state.chat.chat_bench import SYSTEM, TUNED, Bench, conversation
from tests.state.chat.chat_service import refusal


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, training=[conversation("a", "b"), conversation("c", "d")]) as bench:
        yield bench


@pytest.fixture
def page(bench: Bench, qtbot: QtBot, qapp: QApplication) -> ChatPage:
    page = ChatPage(bench.chat, Navigation(), Theme(qapp))
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    qtbot.waitExposed(page)
    bench.until(lambda: bench.chat.training_instructions.found is not None)
    return page


def settle(bench: Bench) -> None:
    bench.qtbot.wait(30)


def row(page: ChatPage, turn: int = -1) -> TurnRow:
    found = page.log.rows[turn]
    assert isinstance(found, TurnRow)
    return found


def card(page: ChatPage, turn: int = -1, column: int = 0) -> ReplyCard:
    return row(page, turn).replies[column]


def visible_button(widget: QWidget, text: str) -> QPushButton:
    [found] = [b for b in widget.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    return found


def has_button(widget: QWidget, text: str) -> bool:
    return any(b.text() == text and b.isVisible() for b in widget.findChildren(QPushButton))


def test_enter_sends_and_shift_enter_begins_a_line(page: ChatPage, bench: Bench) -> None:
    box = page.composer.box
    assert box.hasFocus()
    assert not page.composer.send.isEnabled()
    bench.qtbot.keyClicks(box, "Hello")
    bench.qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    bench.qtbot.keyClicks(box, "you")
    assert not bench.chat.document.turns
    bench.qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.toPlainText() == ""
    assert bench.chat.document.turns[0].said == "Hello\nyou"
    bench.idle()
    settle(bench)
    assert card(page).text.toPlainText() == f"{TUNED} heard Hello\nyou"
    assert page.log.isVisible()


def test_escape_stops_and_the_box_may_be_written_in_meanwhile(page: ChatPage, bench: Bench) -> None:
    bench.service.pause = 0.02
    bench.service.speak = lambda _model, _said: "word " * 300
    bench.chat.send("Go on")
    assert page.composer.stop.isVisible()
    bench.qtbot.keyClicks(page.composer.box, "next")
    bench.qtbot.keyClick(page.composer.box, Qt.Key.Key_Return)
    assert page.composer.box.toPlainText() == "next"
    bench.until(lambda: len(card(page).text.toPlainText()) > 30)
    bench.qtbot.keyClick(page.composer.box, Qt.Key.Key_Escape)
    assert bench.chat.document.turns[0].replies[0].state == STOPPED
    assert page.composer.send.isVisible()
    settle(bench)
    assert has_button(card(page), "Try again")
    bench.until(lambda: bench.service.broken_off == 1)


def test_a_failed_reply_says_why_and_offers_to_retry(page: ChatPage, bench: Bench) -> None:
    bench.service.faults = [refusal()]
    bench.say("Hello")
    settle(bench)
    assert not has_button(card(page), "Keep as example")
    visible_button(card(page), "Details").click()
    visible_button(card(page), "Retry").click()
    bench.idle()
    settle(bench)
    assert not has_button(card(page), "Retry")
    assert card(page).text.toPlainText() == f"{TUNED} heard Hello"


def test_a_reply_is_mended_in_place_and_kept(page: ChatPage, bench: Bench) -> None:
    bench.say("Hello")
    settle(bench)
    height = row(page).height()
    visible_button(card(page), "Fix and keep as example").click()
    settle(bench)
    assert card(page).is_editing
    text = card(page).text
    assert text.hasFocus()
    text.selectAll()
    bench.qtbot.keyClicks(text, "Much better")
    for _ in range(5):
        bench.qtbot.keyClick(text, Qt.Key.Key_Return)
    settle(bench)
    assert row(page).height() > height + 50
    visible_button(card(page), "Keep as example").click()
    settle(bench)
    assert card(page).text.toPlainText() == "Much better"
    assert bench.chat.is_kept(0, 0)
    assert not has_button(card(page), "Keep as example")
    bench.open_project.undo()
    settle(bench)
    assert has_button(card(page), "Keep as example")


def test_escape_gives_up_mending(page: ChatPage, bench: Bench) -> None:
    bench.say("Hello")
    settle(bench)
    visible_button(card(page), "Fix and keep as example").click()
    settle(bench)
    bench.qtbot.keyClicks(card(page).text, " and more")
    bench.qtbot.keyClick(card(page).text, Qt.Key.Key_Escape)
    assert not card(page).is_editing
    assert card(page).text.toPlainText() == f"{TUNED} heard Hello"
    assert not bench.chat.is_kept(0, 0)


def test_the_last_message_is_edited_and_sent_again(page: ChatPage, bench: Bench) -> None:
    bench.say("Tow")
    settle(bench)
    said = row(page)._said
    said._edit.trigger()
    said.text.selectAll()
    bench.qtbot.keyClicks(said.text, "Two")
    visible_button(said, "Send again").click()
    bench.idle()
    settle(bench)
    assert [turn.said for turn in bench.chat.document.turns] == ["Two"]
    assert not row(page)._said.is_editing


def test_copy(page: ChatPage, bench: Bench) -> None:
    bench.say("Hello")
    settle(bench)
    visible_button(card(page), "Copy").click()
    assert QGuiApplication.clipboard().text() == f"{TUNED} heard Hello"


def test_two_models_stand_side_by_side(page: ChatPage, bench: Bench) -> None:
    page.models.against.setCurrentIndex(1)
    page.models.against.activated.emit(1)
    bench.say("Hello")
    settle(bench)
    left, right = card(page), card(page, column=1)
    assert left.text.toPlainText() != right.text.toPlainText()
    assert (left.width(), left.y(), left.height()) == (right.width(), right.y(), right.height())
    # The same model twice would be no comparison: they change places.
    page.models.model.activated.emit(1)
    assert bench.chat.document.model == bench.chat.choices.base
    assert bench.chat.document.against == bench.chat.choices.tuned[0]


def test_instructions_are_marked_when_they_are_not_those_of_training(
    page: ChatPage, bench: Bench
) -> None:
    fields = page.sidebar.settings
    assert fields.instructions.toPlainText() == SYSTEM
    assert fields.same.text() == "same as in training"
    bench.qtbot.keyClicks(fields.instructions, "Be brief.")
    assert fields.same.text() == "changed"
    fields.reset.click()
    assert fields.instructions.toPlainText() == SYSTEM
    fields.creativity.setValue(3)
    fields.longest.setValue(77)
    assert (bench.chat.document.temperature, bench.chat.document.longest_reply) == (0.3, 77)


def test_chats_are_chosen_begun_and_deleted_at_the_left(page: ChatPage, bench: Bench) -> None:
    bench.say("First")
    page.sidebar.new.trigger()
    assert not page.log.isVisible()
    bench.say("Second")
    view = page.sidebar.list
    assert view.currentIndex().data() == "Second"
    view.setCurrentIndex(bench.chat.chats.index(1))
    assert bench.chat.document.title == "First"
    settle(bench)
    assert card(page).text.toPlainText() == f"{TUNED} heard First"
    page.sidebar.delete.trigger()
    assert bench.chat.document.title == view.currentIndex().data() == "Second"
    assert [each.title for each in bench.open_project.project.documents("chat")] == ["Second"]
    page.sidebar.delete.trigger()
    assert not view.currentIndex().isValid()
    assert not page.sidebar.delete.isEnabled()
    assert not bench.open_project.project.documents("chat")


def long_chat(bench: Bench, turns: int) -> None:
    model = bench.chat.choices.all[0]
    reply = Reply(model, text="Some words.\n" * 8, state=DONE, tokens=9, seconds=1.0)
    said = [f"Question {n} " + "long " * (n % 90) for n in range(turns)]
    bench.chat._show(
        msgspec.structs.replace(
            bench.chat.document, turns=tuple(Turn(each, (reply,)) for each in said)
        )
    )


def test_of_a_long_chat_only_what_is_in_sight_is_made(page: ChatPage, bench: Bench) -> None:
    long_chat(bench, 600)
    settle(bench)
    log = page.log
    assert (log.count, len(log.rows) < 12) == (600, True)
    assert row(page).index == 599
    bar = log.verticalScrollBar()
    made = set()
    for place in range(bar.maximum(), -1, -max(1, bar.maximum() // 60)):
        bar.setValue(place)
        made |= {id(each) for each in log.rows}
    bar.setValue(0)
    assert row(page, 0).index == 0
    assert len(made) < 25
    shown = [each for each in log.rows if each.isVisible()]
    for upper, lower in itertools.pairwise(shown):
        assert upper.geometry().bottom() < lower.geometry().top()


def test_what_is_being_read_stays_where_it_is(page: ChatPage, bench: Bench) -> None:
    long_chat(bench, 200)
    settle(bench)
    bar = page.log.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settle(bench)
    reading = page.log.rows[1]
    index, top = reading.index, reading.y()
    bench.chat.set_temperature(0.1)
    bench.chat.reply_changed.emit(0, 0)
    settle(bench)
    [still] = [each for each in page.log.rows if each.index == index]
    assert still.y() == top
    page.resize(page.width() - 200, page.height())
    settle(bench)
    assert index in [each.index for each in page.log.rows]


def test_a_reply_being_mended_survives_scrolling_away(page: ChatPage, bench: Bench) -> None:
    long_chat(bench, 60)
    settle(bench)
    visible_button(card(page), "Fix and keep as example").click()
    bench.qtbot.keyClicks(card(page).text, "!")
    page.log.verticalScrollBar().setValue(0)
    settle(bench)
    page.log.verticalScrollBar().setValue(page.log.verticalScrollBar().maximum())
    settle(bench)
    assert card(page).is_editing
    assert card(page).text.toPlainText().endswith("!")


def test_tab_leads_through_the_cards_in_sight(page: ChatPage, bench: Bench) -> None:
    long_chat(bench, 30)
    settle(bench)
    page.log.verticalScrollBar().setValue(0)
    settle(bench)
    visible_button(card(page, 0), "Copy").setFocus()
    for _ in range(12):
        bench.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        settle(bench)
        focus = QApplication.focusWidget()
        assert focus is not None
        if page.log.viewport().isAncestorOf(focus):
            top = focus.mapTo(page.log.viewport(), focus.rect().topLeft()).y()
            assert -focus.height() < top < page.log.viewport().height()


def test_every_control_has_a_name(page: ChatPage, bench: Bench) -> None:
    bench.say("Hello")
    settle(bench)
    kinds = "QPlainTextEdit", "QTextEdit", "QComboBox", "QSlider", "QSpinBox", "QListView"
    for widget in page.findChildren(QWidget):
        if widget.inherits("QAbstractButton") and widget.isVisible():
            assert isinstance(widget, QAbstractButton)
            assert widget.text() or widget.accessibleName()
        if any(widget.metaObject().className() == kind for kind in kinds):
            assert widget.accessibleName(), widget


def test_without_a_project_or_a_model_it_says_what_to_do(page: ChatPage, bench: Bench) -> None:
    bench.open_project.close()
    navigation = page._navigation
    visible_button(page, "Go to Examples").click()
    assert navigation.tab == "examples"
    bench.connections.set_active("openai")
    bench.open_project.open(bench.path)
    bench.chat._change(model=None)
    visible_button(page, "Go to Jobs").click()
    assert navigation.tab == "jobs"
    assert not page.composer.send.isEnabled()


def test_a_new_chat_comes_forward_and_one_with_words_can_be_deleted(
    page: ChatPage, bench: Bench
) -> None:
    page._navigation.show("jobs")
    page.sidebar.new.trigger()
    assert page._navigation.tab == "chat"
    assert not page.sidebar.delete.isEnabled()
    bench.chat.send("Hello")
    assert page.sidebar.delete.isEnabled()
    bench.idle()


def test_the_names_of_models_fit_a_small_window(page: ChatPage, bench: Bench) -> None:
    page.resize(800, 430)
    settle(bench)
    assert page.models.model.width() > 180
    assert page.models.against.width() > 180


def test_replies_side_by_side_are_of_one_width_whatever_the_models_are_called(
    page: ChatPage, bench: Bench
) -> None:
    page.resize(1100, 600)
    base = next(each for each in bench.chat.choices.all if not each.is_tuned)
    bench.chat.choose_model(
        msgspec.structs.replace(base, model="other", name="A name much longer than that " * 4)
    )
    bench.chat.choose_against(base)
    bench.chat.send("Hello")
    settle(bench)
    first, second = row(page).replies
    bench.qtbot.waitUntil(lambda: first.width() > 200)
    assert abs(first.width() - second.width()) <= 1
