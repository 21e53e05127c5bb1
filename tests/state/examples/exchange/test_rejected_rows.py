from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.state.examples.exchange.importing import Mending
from desktop_app.state.examples.exchange.rejected_rows import MEND, NUMBER, TEXT, RejectedRows

MENDED = Imported(Conversation((Message("user", "q"),)), 1)
ROWS = [
    Rejected(7, "{'a': 1}", "single_quotes", "Single quotes.", MENDED),
    Rejected(1200, "two\nlines", "not_json", "No JSON."),
    Rejected(1300, "x" * 1000, "comma", "A comma too many.", MENDED),
]
CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked
TICK = Qt.ItemDataRole.CheckStateRole


def test_only_what_can_be_mended_has_a_tick(qtmodeltester: ModelTester) -> None:
    rows = RejectedRows(ROWS, can_mend=True)
    qtmodeltester.check(rows)
    states = [rows.data(rows.index(place, MEND), TICK) for place in range(3)]
    assert states == [UNCHECKED, None, UNCHECKED]
    assert not rows.setData(rows.index(1, MEND), CHECKED.value, TICK)
    assert rows.setData(rows.index(2, MEND), CHECKED.value, TICK)
    assert rows.mending == Mending(places=frozenset({2}))


def test_cells_are_short_and_on_one_line(qtbot: QtBot) -> None:
    rows = RejectedRows(ROWS, can_mend=True)
    assert rows.data(rows.index(1, NUMBER)) == "1,200"
    assert rows.data(rows.index(1, TEXT)) == "two lines"
    assert len(str(rows.data(rows.index(2, TEXT)))) == 200


def test_leaving_one_out_after_all_were_taken_keeps_the_others(qtbot: QtBot) -> None:
    rows = RejectedRows(ROWS, can_mend=True)
    with qtbot.waitSignal(rows.dataChanged):
        rows.tick_all()
    assert rows.mending.everything
    rows.tick(0, on=False)
    assert rows.mending == Mending(places=frozenset({2}))


def test_after_the_import_nothing_is_to_be_chosen(qtbot: QtBot) -> None:
    rows = RejectedRows(ROWS, can_mend=False)
    rows.tick(0, on=True)
    assert rows.mending == Mending()
    assert rows.data(rows.index(0, MEND), TICK) is None
