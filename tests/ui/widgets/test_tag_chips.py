import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.tag_chips import MOST_MIXED, SHOWN, TagChips


@pytest.fixture
def tags(qtbot: QtBot) -> TagChips:
    result = TagChips()
    qtbot.addWidget(result)
    result.resize(220, 100)
    result.show()
    return result


def write(qtbot: QtBot, tags: TagChips, text: str) -> list[str]:
    told: list[str] = []
    tags.added.connect(told.append)
    tags.add_button.click()
    qtbot.keyClicks(tags.line, text)
    return told


def test_a_tag_is_written_and_enter_adds_it(qtbot: QtBot, tags: TagChips) -> None:
    told = write(qtbot, tags, "  two   words ")
    qtbot.keyClick(tags.line, Qt.Key.Key_Return)
    assert told == ["two words"]
    assert tags.line.isVisible()
    qtbot.keyClick(tags.line, Qt.Key.Key_Return)
    assert told == ["two words"]


def test_escape_ends_without_a_tag(qtbot: QtBot, tags: TagChips) -> None:
    told = write(qtbot, tags, "shop")
    qtbot.keyClick(tags.line, Qt.Key.Key_Escape)
    assert told == []
    assert tags.add_button.isVisible()
    assert not tags.line.isVisible()


def test_going_on_by_tab_adds_it_and_another_window_does_not(qtbot: QtBot, tags: TagChips) -> None:
    told = write(qtbot, tags, "shop")
    reasons = Qt.FocusReason
    for reason, expected in (
        (reasons.ActiveWindowFocusReason, []),
        (reasons.TabFocusReason, ["shop"]),
    ):
        QApplication.sendEvent(tags.line, QFocusEvent(QEvent.Type.FocusOut, reason))
        assert told == expected
    assert tags.add_button.isVisible()


def test_known_tags_complete_what_is_written(tags: TagChips) -> None:
    tags.offer(["billing", "delivery"])
    completer = tags.line.completer()
    # Not typed: the offscreen platform complains of the pop-up.
    completer.setCompletionPrefix("LIV")
    assert completer.completionCount() == 1
    assert completer.currentCompletion() == "delivery"


def test_chips_take_tags_off(qtbot: QtBot, tags: TagChips) -> None:
    told: list[str] = []
    tags.removed.connect(told.append)
    tags.show_tags([("a & b", 2), ("x" * 60, 1)], 2)
    whole, mixed = tags.chips
    assert "a && b" in whole.text()
    assert "1/2" in mixed.text()
    assert len(mixed.text()) < SHOWN + 12
    qtbot.keyClick(whole, Qt.Key.Key_Space)
    assert told == ["a & b"]


def test_the_keyboard_stays_among_the_chips(qtbot: QtBot, tags: TagChips) -> None:
    tags.activateWindow()
    tags.show_tags([("a", 1), ("b", 1)], 1)
    tags.chips[1].setFocus()
    qtbot.waitUntil(tags.chips[1].hasFocus)
    tags.show_tags([("a", 1)], 1)
    assert tags.add_button.hasFocus()


def test_chips_go_on_in_a_further_line(tags: TagChips) -> None:
    tags.show_tags([(f"tag {n}", 1) for n in range(9)], 1)
    assert tags.heightForWidth(220) > tags.heightForWidth(2000)


def test_very_many_tags_of_many_conversations_are_not_all_shown(tags: TagChips) -> None:
    name = "balance_not_updated_after_a_transfer"
    tags.show_tags([(f"{name} {n}", 187) for n in range(MOST_MIXED + 5)], 10_000)
    assert len(tags.chips) == MOST_MIXED
    assert tags.more.isVisible()
    assert "5" in tags.more.text()
    assert tags.minimumSizeHint().width() <= 120
    assert all(chip.geometry().right() < tags.width() for chip in tags.chips)
    tags.show_tags([("one", 1)], 1)
    assert not tags.more.isVisible()
