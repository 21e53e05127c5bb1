from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop_app.storage.project.rows import Filter, Sort
from desktop_app.ui.examples.name_dialog import NameDialog
from tests.ui.examples.finding_desk import FindingDesk


def entries(menu: QMenu) -> dict[str, QAction]:
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


def test_the_order_is_chosen_and_ticked(finding: FindingDesk) -> None:
    finding.add("b", "a")
    menu = finding.panel.tools.sort.menu()
    entries(menu)["By title"].trigger()
    assert finding.titles() == ["a", "b"]
    assert entries(menu)["By title"].isChecked()
    assert finding.panel.bar.chips["all"].isChecked()
    finding.panel.bar.chips["training"].click()
    assert finding.conversations.filter.sort == Sort.TITLE
    assert "By title" in finding.panel.tools.sort.toolTip()


def test_how_many_were_found_is_said_where_not_all_are_shown(finding: FindingDesk) -> None:
    finding.add("b", "a")
    assert finding.panel.tools.found.text() == ""
    finding.panel.bar.chips["training"].click()
    assert finding.panel.tools.found.text() == "2 found"
    finding.panel.tools.show_found(0, is_searching=True)
    assert finding.panel.tools.found.text() == "searching…"
    finding.panel.tools.show_found(7, is_searching=True)
    assert finding.panel.tools.found.text() == "7 found so far…"


def test_a_filter_is_named_taken_up_and_deleted(qtbot: QtBot, finding: FindingDesk) -> None:
    finding.add("parcel", "shop")
    menu = finding.panel.tools.saved.menu()
    assert not entries(menu)["Save this filter…"].isEnabled()
    wanted = Filter(text="parcel", tag="shop", sort=Sort.BEST)
    finding.panel.show_filter(wanted)
    entries(menu)["Save this filter…"].trigger()
    [dialog] = finding.panel.window().findChildren(NameDialog)
    assert not dialog.save.isEnabled()
    qtbot.keyClicks(dialog.line, " This & that ")
    with qtbot.waitSignal(dialog.destroyed):
        dialog.save.click()
    finding.panel.show_all()
    entries(menu)["This && that"].trigger()
    assert finding.conversations.filter == wanted
    assert finding.panel.search.text() == "parcel"
    assert len(finding.panel.bar.conditions) == 1
    delete = entries(menu)["Delete a saved filter"].menu()
    assert isinstance(delete, QMenu)
    delete.actions()[0].trigger()
    assert "This && that" not in entries(menu)
