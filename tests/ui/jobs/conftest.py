"""The Jobs page on everything real beneath it, at a service on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.state.cost.cost import CostState
from desktop_app.state.cost.token_counting import TokenCounting
from desktop_app.state.jobs.saving import ModelSavings
from desktop_app.state.navigation import Navigation
from desktop_app.ui.jobs.jobs_page import JobsPage
from desktop_app.ui.theme import RESOURCES, Theme
from tests.state.examples.desk_bench import make_test_set
from tests.state.jobs.job_bench import SERVICE, Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        bench.connections.set_active(SERVICE)
        bench.until(lambda: bench.connections.base_model == "base")
        yield bench


@pytest.fixture
def cost(bench: Bench) -> CostState:
    counter = TokenCounter(RESOURCES / "tokenizers")
    counting = TokenCounting(bench.open_project, counter, bench.runner, bench)
    test_set = make_test_set(bench.open_project, bench.runner)
    return CostState(bench.open_project, bench.connections, counting, bench.prices, test_set, bench)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp)
    theme.choose("light")
    yield theme
    qapp.setStyleSheet("")
    theme.deleteLater()


@pytest.fixture
def navigation() -> Navigation:
    return Navigation()


@pytest.fixture
def page(
    qtbot: QtBot, bench: Bench, cost: CostState, navigation: Navigation, theme: Theme
) -> JobsPage:
    savings = ModelSavings(bench.connections, bench.runner)
    page = JobsPage(
        bench.jobs, bench.connections, bench.open_project, cost, navigation, theme, savings
    )
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    return page
