from pytestqt.qtbot import QtBot

from desktop_app.state.examples.marking import Marks
from desktop_app.storage.project.rows import Facets, Split
from desktop_app.ui.examples.tags_dialog import TagsDialog
from tests.ui.examples.finding_desk import FindingDesk

FACETS = Facets(tags=(("billing", 2),))


def test_the_selected_or_all_are_changed(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.add("a", "b", "c")
    dialog = TagsDialog(finding.marking, FACETS, ids[:1], ids, finding.panel)
    dialog.open()
    assert not dialog.apply.isEnabled()
    dialog.add.added.emit("shop")
    dialog.remove.added.emit("billing")
    dialog.rating.setCurrentIndex(dialog.rating.findData(4))
    dialog.split.setCurrentIndex(dialog.split.findData(Split.TEST))
    assert dialog.marks == Marks(("shop",), ("billing",), 4, Split.TEST)
    assert dialog.apply.text() == "Change 1 conversation"
    dialog.of_found.click()
    assert dialog.apply.text() == "Change 3 conversations"
    with qtbot.waitSignal(dialog.destroyed):
        dialog.apply.click()
    assert [finding.row(id).tags for id in ids] == [("shop",)] * 3
    assert finding.project.counts.test == 3


def test_a_tag_is_added_or_removed_not_both(qtbot: QtBot, finding: FindingDesk) -> None:
    dialog = TagsDialog(finding.marking, FACETS, [], finding.add("a"), finding.panel)
    qtbot.addWidget(dialog)
    assert not dialog.of_selected.isEnabled()
    assert dialog.of_found.isChecked()
    dialog.add.added.emit("shop")
    dialog.remove.added.emit("shop")
    assert dialog.marks == Marks(remove=("shop",))
    dialog.remove.chips[0].click()
    assert dialog.marks.is_empty
    assert not dialog.apply.isEnabled()
