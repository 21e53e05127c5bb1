from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.state.examples import tuning_screen
from desktop_app.ui.examples.dialogs.tuning_dialog import TuningDialog
from desktop_app.ui.widgets.parts import Card
from tests.ui.examples.dialogs.dialog_bench import chat, opened


def cards(dialog: TuningDialog) -> list[Card]:
    return dialog.findChildren(Card)


def words(card: Card) -> list[str]:
    return [each.text() for each in card.findChildren(QLabel)]


def test_few_examples_are_better_written_into_the_instructions(
    qtbot: QtBot, program: Program
) -> None:
    dialog = opened(program, TuningDialog)
    assert "Looking" in dialog.said.text()
    qtbot.waitUntil(lambda: len(cards(dialog)) == 1)
    suggestion, title, reason = words(cards(dialog)[0])
    assert suggestion == "Try instructions first (prompting)"
    assert title == "There are few examples: 4"
    assert "50" in reason


def test_facts_point_to_retrieval_and_all_cards_are_whole(qtbot: QtBot, program: Program) -> None:
    program.open_project.add(
        [
            chat(f"What does lamp {'x' * n} cost?", f"It costs {n * 17 + 1000} euros.")
            for n in range(60)
        ]
    )
    dialog = opened(program, TuningDialog)
    qtbot.waitUntil(lambda: bool(cards(dialog)))
    assert any("Give it the facts" in words(card)[0] for card in cards(dialog))
    for card in cards(dialog):
        for label in card.findChildren(QLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    assert dialog._scroll.verticalScrollBar().maximum() == 0


def test_what_cannot_be_read_is_said(qtbot: QtBot, program: Program) -> None:
    program.open_project.path.with_suffix(".gone")
    dialog = opened(program, TuningDialog)
    dialog._task.failed.emit(OSError())
    assert dialog.said.text() == "The conversations could not be read."
    assert tuning_screen.base_score(program.open_project.project) is None
