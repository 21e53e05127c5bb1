import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.core.examples.conversation import Conversation
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.examples.dialogs.kind_card import KindCard
from desktop_app.ui.examples.dialogs.set_check_dialog import SetCheckDialog
from desktop_app.ui.examples.step_line import StepLine
from tests.ui.examples.dialogs.dialog_bench import at_rest, chat, is_reached_by_tab, opened


def unanswered(question: str) -> Conversation:
    """Two turns, of which the second has an empty reply: it can be taken away."""
    return Conversation((*chat("Hello").messages, *chat(question, "").messages))


@pytest.fixture
def dialog(qtbot: QtBot, program: Program) -> SetCheckDialog:
    """On a set with two empty replies, one e-mail address and one reply with space around it."""
    program.open_project.add(
        [
            unanswered("A bowl"),
            unanswered("A plate"),
            chat("Write to me", "We write to shop@parcels.example at once."),
            chat("A lamp", "  It is in the shop.  "),
        ]
    )
    at_rest(qtbot, program)
    dialog = opened(program, SetCheckDialog)
    qtbot.waitUntil(lambda: has(dialog, "empty_reply", "email_address"))
    at_rest(qtbot, program)
    return dialog


def has(dialog: SetCheckDialog, *codes: str) -> bool:
    return set(codes) <= {card.kind.code for card in dialog.cards()}


def card(dialog: SetCheckDialog, code: str) -> KindCard:
    (found,) = [each for each in dialog.cards() if each.kind.code == code]
    return found


def test_what_blocks_stands_before_advice(dialog: SetCheckDialog) -> None:
    blocks = [each.kind.blocks for each in dialog.cards()]
    assert blocks == sorted(blocks, reverse=True)
    assert card(dialog, "empty_reply").kind.count.startswith("2 ")
    assert has(dialog, "too_few_examples")
    assert dialog.said.text().startswith("All 8 ")


def test_the_list_shows_what_was_found_under_its_name(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    email = card(dialog, "email_address")
    qtbot.mouseClick(email.show_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert program.desk.conversations.filter == Filter(code="email_address")
    qtbot.waitUntil(lambda: len(program.desk.conversations.ids) == 1)
    conditions = program.examples_page.list_panel.bar.findChildren(type(email.show_button))
    assert any(email.kind.title in each.text() for each in conditions)


def test_one_kind_is_mended_in_all_as_one_step(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    card(dialog, "empty_reply").mend_button.click()
    qtbot.waitUntil(lambda: not has(dialog, "empty_reply"))
    assert program.open_project.counts.with_problems == 0
    assert has(dialog, "email_address")
    program.actions.undo.trigger()
    qtbot.waitUntil(lambda: has(dialog, "empty_reply"))
    assert program.open_project.counts.with_problems == 2


def test_all_that_is_evident_is_mended_at_once(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    assert dialog.mend_all.isEnabled()
    qtbot.mouseClick(dialog.mend_all, Qt.MouseButton.LeftButton)
    assert not dialog.mend_all.isEnabled()
    assert not card(dialog, "email_address").mend_button.isEnabled()
    qtbot.waitUntil(lambda: program.open_project.counts.with_problems == 0)
    qtbot.waitUntil(lambda: not has(dialog, "empty_reply"))
    # Nothing evident is left.
    assert not dialog.mend_all.isEnabled()
    assert card(dialog, "email_address").mend_button.isEnabled()


def test_what_is_private_is_masked_in_all(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    card(dialog, "email_address").mend_button.click()
    qtbot.waitUntil(lambda: not has(dialog, "email_address"), timeout=20_000)
    texts = [talk.all_messages[-1].text for _, talk in program.open_project.project.conversations()]
    assert not any("shop@parcels.example" in text for text in texts)
    entry = program.open_project.undo_entry
    assert entry is not None
    assert entry.label == "mask"


def test_what_is_found_anew_leaves_the_keyboard_where_it_is(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    email = card(dialog, "email_address")
    assert is_reached_by_tab(qtbot, dialog, email.show_button)
    program.open_project.add([chat("A vase", "")])
    qtbot.waitUntil(lambda: card(dialog, "empty_reply").kind.count.startswith("3 "))
    assert card(dialog, "email_address") is email
    assert dialog.focusWidget() is email.show_button


def test_what_changes_while_it_is_read_is_read_again(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    for number in range(3):
        program.open_project.add([chat(f"vase {number}", "")])
    qtbot.waitUntil(lambda: card(dialog, "empty_reply").kind.count.startswith("5 "))


def test_a_large_step_is_shown_in_the_dialog_and_can_be_stopped(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    line = dialog.findChild(StepLine)
    assert line is not None
    assert not line.isVisible()

    def step(_project: object, control: object) -> None:
        assert callable(control)
        while not control():
            pass

    program.desk.bulk.run("Mending", step)
    qtbot.waitUntil(line.isVisible)
    assert line.words.text() == "Mending. Edits wait until this is done."
    qtbot.mouseClick(line.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not program.desk.bulk.is_running)
    assert not line.isVisible()


def test_what_is_learned_can_be_chosen(
    qtbot: QtBot, program: Program, dialog: SetCheckDialog
) -> None:
    def codes() -> set[str]:
        return {finding.code for finding in program.desk.checks.findings}

    assert dialog.method.currentData() == ""
    dialog.method.setCurrentIndex(dialog.method.findData("dpo"))
    dialog.method.activated.emit(dialog.method.currentIndex())
    assert program.desk.rules.rules.method == "dpo"
    qtbot.waitUntil(lambda: "no_preferences" in codes())
    dialog.method.setCurrentIndex(0)
    dialog.method.activated.emit(0)
    assert program.desk.rules.rules.method == "supervised"
