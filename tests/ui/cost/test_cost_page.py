from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import CL100K, O200K
from desktop_app.state.connections.connections import OPENAI
from desktop_app.state.navigation import Navigation
from desktop_app.ui.cost.cost_page import CostPage
from desktop_app.ui.cost.price_dialog import PriceDialog
from desktop_app.ui.theme import Theme
from tests.state.cost.cost_bench import GPT35_IN_2023, MINI, CostBench, conversation, of_tokens


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[CostBench]:
    with CostBench(qtbot, tmp_path) as bench:
        yield bench


@pytest.fixture
def navigation() -> Navigation:
    return Navigation()


@pytest.fixture
def page(bench: CostBench, qtbot: QtBot, qapp: QApplication, navigation: Navigation) -> CostPage:
    theme = Theme(qapp)
    page = CostPage(bench.cost, bench.connections, bench.open_project, navigation, theme)
    qtbot.addWidget(page)
    page.resize(1400, 780)
    page.show()
    qtbot.waitExposed(page)
    return page


def colours_of(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    }


def test_with_nothing_it_leads_to_the_examples(
    bench: CostBench, page: CostPage, navigation: Navigation, qtbot: QtBot
) -> None:
    assert page.empty.isVisible()
    navigation.show("cost")
    (go,) = [b for b in page.empty.findChildren(QPushButton) if b.text() == "Go to Examples"]
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    assert navigation.tab == "examples"
    bench.create([conversation(3)])
    assert not page.empty.isVisible()
    bench.open_project.close()
    assert page.empty.isVisible()


def test_it_reads_2_dollars_40(bench: CostBench, page: CostPage) -> None:
    bench.create([of_tokens(1000, CL100K) for _ in range(100)])
    model = page.training.model
    place = model.findData(GPT35_IN_2023)
    assert model.itemText(place) == "GPT-3.5 Turbo (Aug 2023 price)"
    model.setCurrentIndex(place)
    model.activated.emit(place)
    assert page.training.sum.text() == "counting…"
    bench.until_counted()
    assert page.training.sum.text() == "$2.40"
    assert page.training.formula.text() == "100,000 tokens × 3 passes × $8.00 per million"
    assert page.training.price_date.text() == "price of 22 Aug 2023"
    assert page.training.passes.currentText() == "Automatic: 3"
    assert "An estimate: tokens are counted with cl100k_base" in page.training.caption.text()
    assert page.training.price_date.toolTip()


def test_this_computer_is_free_with_a_time(bench: CostBench, page: CostPage) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.until_counted()
    assert page.training.sum.text() == "free"
    assert page.training.formula.text().endswith("time not measured yet")
    bench.measured(1000.0)
    assert page.training.formula.text() == "100,000 tokens × 3 passes · about 5 min"
    assert not page.training.price_date.isVisible()
    assert not page.break_even.chart.isVisible()


def test_own_passes(bench: CostBench, page: CostPage) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    bench.until_counted()
    page.training.passes.activated.emit(5)
    assert bench.cost.own_passes == 5
    assert page.training.sum.text() == "$2.50"
    page.training.passes.activated.emit(0)
    assert page.training.sum.text() == "$1.50"


def test_the_test_share_is_one_undoable_split(
    bench: CostBench, page: CostPage, qtbot: QtBot
) -> None:
    bench.create([conversation(1, sha256(bytes([n])).hexdigest()) for n in range(200)])
    bench.until_counted()
    share = page.training.test_share
    for value in (10, 30, 50):
        share.setValue(value)
    qtbot.waitUntil(lambda: bench.open_project.counts.test == 100, timeout=5000)
    entry = bench.open_project.undo_entry
    assert entry is not None
    bench.open_project.undo()
    assert bench.open_project.counts.test == 0
    assert share.value() == 0
    bench.until_counted()


def test_a_row_chooses_the_model_and_the_button_takes_it_along(
    bench: CostBench, page: CostPage, navigation: Navigation, qtbot: QtBot
) -> None:
    bench.create([conversation(3)])
    bench.until_counted()
    row = bench.cost.places.row_of(MINI)
    assert row is not None
    table = page.places.table
    middle = table.visualRect(bench.cost.places.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert bench.cost.choice.key == MINI
    assert page.training.model.currentData() == MINI
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert bench.cost.choice.key != MINI
    bench.cost.choose(MINI)
    assert table.currentIndex().row() == row
    qtbot.mouseClick(page.training.go_on, Qt.MouseButton.LeftButton)
    assert navigation.tab == "jobs"
    assert (bench.connections.active.id, bench.connections.base_model) == (OPENAI, MINI)
    qtbot.waitUntil(lambda: bench.runner.running == 0, timeout=10_000)


def test_too_long_conversations_are_named(bench: CostBench, page: CostPage) -> None:
    bench.create([*(of_tokens(n * 40, CL100K) for n in range(5, 60)), of_tokens(6000, CL100K)])
    bench.cost.choose(GPT35_IN_2023)
    bench.until_counted()
    assert "Longer than the 4,096 tokens" in page.lengths.caption.text()
    assert page.lengths.caption.property("tone") == "bad"
    histogram = page.lengths.histogram
    assert histogram.describe_bar(2).startswith("Conversations of 0 to ")
    assert histogram.describe_bar(-1) == ""
    red = histogram._theme.colours.bad
    assert red in colours_of(histogram.grab().toImage())
    bench.cost.choose(MINI)
    assert "The longest has 6,000 tokens" in page.lengths.caption.text()
    assert red not in colours_of(histogram.grab().toImage())


def test_break_even_follows_the_figures(bench: CostBench, page: CostPage) -> None:
    bench.create([conversation(40, "All right.") for _ in range(100)])
    bench.cost.choose(MINI)
    bench.until_counted()
    card = page.break_even
    assert card.chart.isVisible()
    card.prompt_today.setValue(2000)
    card.replies.setValue(20_000)
    costs = bench.cost.break_even
    assert costs is not None
    assert costs.replies is not None
    assert card.after.text().startswith(f"{costs.replies:,} replies")
    assert card.chart._theme.colours.second in colours_of(card.chart.grab().toImage())
    card.prompt_today.setValue(1)
    assert card.after.text() == "not at these prices"
    assert not card.saved.isVisible()


def test_a_late_break_even_is_told_with_the_closing_date(bench: CostBench, page: CostPage) -> None:
    bench.create([of_tokens(2000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    bench.cost.set_prompt_today(5000)
    bench.cost.set_replies_a_month(100)
    bench.until_counted()
    assert page.break_even.caption.text().startswith("The tuned model falls silent on 14 Jan 2027")
    page.break_even.chart.grab()


def test_an_own_price_and_back(bench: CostBench, page: CostPage, qtbot: QtBot) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    bench.until_counted()
    qtbot.mouseClick(page.training.edit_price, Qt.MouseButton.LeftButton)
    (dialog,) = page.findChildren(PriceDialog)
    assert dialog.training.value() == 5.0
    dialog.training.setValue(10.0)
    qtbot.keyClick(dialog.training, Qt.Key.Key_Return)
    assert page.training.sum.text() == "$3.00"
    assert page.training.price_date.text() == "your price of 20 Nov 2026"
    price = bench.cost.price
    assert price is not None
    assert price.input == Decimal("0.80")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert page.findChildren(PriceDialog) == []
    page.edit_price()
    (dialog,) = page.findChildren(PriceDialog)
    (listed,) = [b for b in dialog.findChildren(QPushButton) if "listed" in b.text()]
    qtbot.mouseClick(listed, Qt.MouseButton.LeftButton)
    assert page.training.sum.text() == "$1.50"


def test_it_can_be_worked_by_keyboard_and_read_aloud(bench: CostBench, page: CostPage) -> None:
    bench.create([conversation(3)])
    bench.cost.choose(MINI)
    bench.until_counted()
    fields = (
        page.training.model,
        page.training.passes,
        page.training.test_share,
        page.training.edit_price,
        page.places.table,
        page.break_even.replies,
        page.break_even.prompt_today,
        page.lengths.histogram,
    )
    assert all(field.accessibleName() for field in fields)
    assert not page.places.table.tabKeyNavigation()


def test_in_a_small_window_the_cards_are_one_under_the_other(
    bench: CostBench, page: CostPage, qtbot: QtBot
) -> None:
    bench.create([conversation(3)])
    bench.until_counted()
    assert page.places.x() > page.training.x() + page.training.width()
    page.resize(800, 560)
    origin = QPoint(0, 0)
    qtbot.waitUntil(
        lambda: page.places.mapTo(page, origin).y() > page.lengths.mapTo(page, origin).y()
    )
    assert page.width() == 800


def test_a_vocabulary_that_is_missing_is_told(
    qtbot: QtBot, tmp_path: Path, qapp: QApplication
) -> None:
    with CostBench(qtbot, tmp_path, tokenizers=tmp_path) as bench:
        page = CostPage(
            bench.cost, bench.connections, bench.open_project, Navigation(), Theme(qapp)
        )
        qtbot.addWidget(page)
        bench.create([conversation(3)])
        qtbot.waitUntil(lambda: bench.counting.error is not None, timeout=10_000)
        assert page.training.sum.text() == "not counted"
        assert ".tiktoken cannot be read" in page.training.formula.text()


def test_on_a_laptop_the_names_can_be_read(bench: CostBench, page: CostPage, qtbot: QtBot) -> None:
    bench.create([conversation(3)])
    bench.until_counted()
    page.resize(1280, 700)
    model = page.places.table.columnWidth
    qtbot.waitUntil(lambda: model(0) >= 140)
    fields = (page.training.model, page.training.passes)
    qtbot.waitUntil(lambda: all(each.height() >= each.sizeHint().height() for each in fields))
