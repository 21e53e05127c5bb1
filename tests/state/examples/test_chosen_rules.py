from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import O200K
from desktop_app.core.examples.rules import rules_for
from desktop_app.core.jobs.limits import LOCAL_CONTEXT
from desktop_app.provider.factory import profile_of
from desktop_app.state.connections.connections import OPENAI
from desktop_app.state.examples.chosen_rules import (
    METHOD,
    ChosenRules,
    LengthLimit,
    service_of,
)
from tests.state.cost.cost_bench import MINI, CostBench, conversation


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[CostBench]:
    with CostBench(qtbot, tmp_path) as bench:
        yield bench


@pytest.fixture
def chosen(bench: CostBench) -> ChosenRules:
    return ChosenRules(bench.connections, bench.open_project, bench.prices.current)


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("https://shop.openai.azure.com/openai/v1/", "foundry"),
        ("https://shop.services.ai.azure.com/api/projects/p/openai/v1", "foundry"),
        ("https://api.tokenfactory.nebius.com/v1", "nebius"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://openai.azure.com.example/v1", "other"),
        ("http://127.0.0.1:8000/v1", "other"),
    ],
)
def test_services_are_known_by_their_address(address: str, service: str) -> None:
    assert service_of(profile_of("other", "x", "x", address)) == service


def test_the_rules_follow_the_connection(
    qtbot: QtBot, bench: CostBench, chosen: ChosenRules
) -> None:
    assert chosen.rules == rules_for("local")
    assert chosen.length_limit == LengthLimit(O200K, LOCAL_CONTEXT)
    with qtbot.waitSignal(chosen.changed):
        bench.connections.use(OPENAI, MINI)
    assert chosen.rules == rules_for("openai")
    price = bench.prices.find(MINI)
    assert price is not None
    assert chosen.length_limit == LengthLimit(price.encoding, price.example_limit)


def test_the_method_is_that_of_most_examples_unless_its_user_chose(
    qtbot: QtBot, bench: CostBench, chosen: ChosenRules
) -> None:
    bench.create([conversation(1)])
    with qtbot.assertNotEmitted(chosen.changed):
        chosen.note_kinds(5, 10)
    with qtbot.waitSignal(chosen.changed):
        chosen.note_kinds(6, 10)
    assert chosen.rules.method == "dpo"
    chosen.set_method("supervised")
    assert (chosen.rules.method, chosen.wished_method) == ("supervised", "supervised")
    assert bench.open_project.project.setting(METHOD) == "supervised"
    chosen.set_method("")
    assert chosen.rules.method == "dpo"
    with pytest.raises(ValueError, match="x"):
        chosen.set_method("x")


def test_each_project_has_its_own_method(bench: CostBench, chosen: ChosenRules) -> None:
    bench.create([conversation(1)], "one")
    chosen.set_method("dpo")
    bench.create([conversation(1)], "two")
    assert chosen.rules.method == "supervised"
    chosen.note_kinds(1, 1)
    bench.open_project.project.set_setting(METHOD, "something of a later version")
    bench.open_project.open(bench.folder / "one.exemplar")
    assert chosen.rules.method == "dpo"
    bench.open_project.open(bench.folder / "two.exemplar")
    assert chosen.rules.method == "supervised"
    bench.open_project.close()
    assert chosen.rules == rules_for("local")


def test_a_model_that_nobody_knows_has_no_limit(bench: CostBench, chosen: ChosenRules) -> None:
    bench.connections.use(OPENAI, "")
    bench.connections._prices = ()
    bench.connections.changed.emit()
    assert chosen.length_limit is None
