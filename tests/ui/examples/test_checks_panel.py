"""The right side of the Examples tab stays as wide as its place, whatever stands in it."""

from pytestqt.qtbot import QtBot

from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding
from desktop_app.core.examples.imported import Imported
from desktop_app.state.open_project import EVERYTHING
from desktop_app.ui.examples.checks_panel import FindingCard
from tests.state.examples.finding_bench import chat
from tests.ui.examples.finding_desk import FindingDesk

ROOM = 230
"""Pixels: what the panel leaves for what stands in it, at its narrowest."""


def test_a_long_name_of_a_file_does_not_widen_the_panel(finding: FindingDesk) -> None:
    name = "_".join(["questions", "of", "the", "whole", "year"] * 6) + ".csv"
    finding.project.project.import_conversations(
        [Imported(chat("a"), 52)], source=name, test_share=0,
        progress=lambda _n: None, stop=lambda: False,
    )  # fmt: skip
    finding.project.announce(EVERYTHING)
    assert finding.details.minimumSizeHint().width() <= ROOM
    assert finding.details.source.full_text == name
    assert finding.details.source.text().endswith(", row 52")


def test_a_long_word_that_a_finding_quotes_does_not_widen_it(
    qtbot: QtBot, finding: FindingDesk
) -> None:
    card = FindingCard(Finding("unknown_role", BLOCKS, 0, "x" * 200), "")
    qtbot.addWidget(card)
    card.ensurePolished()
    assert card.minimumSizeHint().width() <= ROOM


def test_long_buttons_go_on_in_a_further_line(qtbot: QtBot, finding: FindingDesk) -> None:
    card = FindingCard(Finding("last_not_assistant", ADVICE), "Remove what follows the last reply")
    qtbot.addWidget(card)
    card.ensurePolished()
    width = card.fix_button.sizeHint().width() + card.accept_button.sizeHint().width()
    card.resize(width, 200)
    card.show()
    assert card.minimumSizeHint().width() <= width
    assert card.accept_button.geometry().right() <= width
    assert card.accept_button.y() > card.fix_button.y()
