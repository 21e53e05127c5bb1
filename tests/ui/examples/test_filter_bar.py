import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.storage.project.rows import Counts, Facets, Filter, Split
from desktop_app.ui.examples.choose_dialog import ChooseDialog
from desktop_app.ui.examples.facet_menus import MOST, FacetButton
from desktop_app.ui.examples.filter_bar import FilterBar
from desktop_app.ui.examples.language_names import language_name

COUNTS = Counts(142, 114, 28, 2, 9, 0)
FACETS = Facets(
    tags=(("billing", 9), ("a & b", 2)), languages=(("en", 100), ("ar", 3)), sources=(("one", 5),)
)


@pytest.fixture
def bar(qtbot: QtBot) -> FilterBar:
    result = FilterBar()
    qtbot.addWidget(result)
    result.resize(320, 200)
    result.show()
    result.show_counts(COUNTS)
    result.show_facets(FACETS)
    return result


def shown(bar: FilterBar) -> list[str]:
    return [chip.text() for chip in bar.chips.values() if chip.isVisible()]


def choose(button: FacetButton, number: int) -> None:
    button.menu().aboutToShow.emit()
    button.menu().actions()[number].trigger()


def test_only_what_there_is_has_a_chip(bar: FilterBar) -> None:
    assert shown(bar) == ["All 142", "Problems 2", "Advice 9", "Training 114", "Test 28"]
    bar.show_counts(Counts(1, 1, 0, 0, 0, 1_234))
    assert shown(bar) == ["All 1", "Training 1", "Test 0", "Bin 1,234"]
    assert bar.menus.tag.isVisible()
    offered = [action.text() for action in bar.menus.more.menu().actions() if action.isVisible()]
    assert offered == ["Language", "Length", "Rating"]


def test_conditions_hold_together(bar: FilterBar) -> None:
    told: list[Filter] = []
    bar.filter_changed.connect(told.append)
    bar.chips["problems"].click()
    bar.chips["test"].click()
    choose(bar.menus.tag, 1)
    choose(bar.menus.language, 0)
    choose(bar.menus.length, 1)
    choose(bar.menus.rating, 1)
    assert told[-1] == Filter(
        problems_only=True, split=Split.TEST, tag="a & b", language="en", shortest=500,
        longest=1_999, least_rating=4,
    )  # fmt: skip
    assert not bar.chips["all"].isChecked()
    bar.chips["training"].click()
    assert bar.filter.split == Split.TRAINING
    assert not bar.chips["test"].isChecked()
    bar.chips["all"].click()
    assert told[-1] == Filter()
    assert bar.chips["all"].isChecked()
    assert bar.conditions == []


def test_a_condition_is_a_chip_that_takes_it_off(qtbot: QtBot, bar: FilterBar) -> None:
    choose(bar.menus.tag, 1)
    choose(bar.menus.length, 3)
    [tag, length] = bar.conditions
    assert "a && b" in tag.text()
    assert "a & b" in tag.accessibleName()
    assert not bar.menus.tag.isVisible()
    tag.setFocus()
    qtbot.keyClick(tag, Qt.Key.Key_Space)
    assert bar.filter == Filter(shortest=10_000)
    assert bar.menus.tag.isVisible()
    [length] = bar.conditions
    length.click()
    assert bar.filter == Filter()


def test_a_kind_of_advice_is_shown_by_its_name(bar: FilterBar) -> None:
    bar.show_filter(Filter(code="too_long"), "Longer than the model reads")
    [chip] = bar.conditions
    assert "Longer than the model reads" in chip.text()
    bar.chips["advice"].click()
    assert bar.filter == Filter(advice_only=True)


def test_chips_go_on_in_further_lines(bar: FilterBar) -> None:
    tops = {chip.y() for chip in bar.findChildren(QPushButton) if chip.isVisible()}
    assert len(tops) > 1
    assert all(
        chip.geometry().right() <= bar.width()
        for chip in bar.findChildren(QPushButton)
        if chip.isVisible()
    )


def test_of_very_many_one_is_found_by_typing(qtbot: QtBot, bar: FilterBar) -> None:
    tags = tuple((f"tag {n}", 1) for n in range(MOST + 30))
    bar.show_facets(Facets(tags=tags))
    bar.menus.tag.menu().aboutToShow.emit()
    entries = bar.menus.tag.menu().actions()
    assert len(entries) == MOST + 2
    entries[-1].trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ChooseDialog))
    qtbot.keyClicks(dialog.line, "TAG 49")
    with qtbot.waitSignal(dialog.destroyed):
        dialog.choose.click()
    assert bar.filter == Filter(tag="tag 49")


def test_nothing_can_be_chosen_where_nothing_matches(qtbot: QtBot, bar: FilterBar) -> None:
    dialog = ChooseDialog("Tags", [("a", "a")], bar)
    qtbot.addWidget(dialog)
    dialog.line.setText("zzz")
    assert not dialog.choose.isEnabled()


def test_languages_have_names() -> None:
    assert language_name("ar") == "Arabic"
    assert language_name("") == "Not known"
    assert language_name("qqq") == "qqq"
