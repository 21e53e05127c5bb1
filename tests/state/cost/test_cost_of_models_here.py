"""The engine's models among the places to train."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import O200K
from desktop_app.provider.connections.engine_models import BaseModel, Catalogue, ModelEntry
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.provider.provider import ModelInfo
from desktop_app.state.connections.connections import ConnectionStatus, Heard
from desktop_app.state.cost.places_to_train import Place
from desktop_app.state.jobs.offer import offer
from desktop_app.storage.settings import THIS_COMPUTER, ConnectionSettings
from tests.state.cost.cost_bench import CostBench, of_tokens

MINE = "here:mine"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[CostBench]:
    with CostBench(qtbot, tmp_path) as bench:
        yield bench


def know(bench: CostBench, base: BaseModel, speed: float | None) -> None:
    """Let the engine have said this."""
    models = bench.connections.models_here
    models.bases = (base,)
    models.catalogue = Catalogue(
        models=(ModelEntry(base.id, "o/mine", tokens_per_second=speed, state="ready"),)
    )
    bench.connections._heard[THIS_COMPUTER] = Heard(ConnectionStatus.READY, (ModelInfo(base.id),))
    bench.connections.changed.emit()


def place(bench: CostBench) -> Place:
    row = bench.cost.places.row_of(MINE)
    found = None if row is None else bench.cost.places.place(row)
    assert found is not None
    return found


def test_a_model_with_a_known_speed_says_how_long_it_takes(bench: CostBench) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    know(bench, BaseModel("mine", context_tokens=512), speed=100.0)
    bench.cost.choose(MINE)
    bench.until_counted()
    estimate = bench.cost.estimate
    assert estimate is not None
    # What the model does not read is not trained on: 512 of the 1,000 tokens of each.
    assert estimate.tokens == 51_200
    assert bench.cost.seconds == pytest.approx(51_200 * 3 / 100.0, rel=0.1)
    assert place(bench).note == "nothing leaves this computer"
    assert place(bench).ready_in == "about 26 min"


def test_an_engine_elsewhere_is_reckoned_by_what_it_told(bench: CostBench) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.connections.save(ConnectionSettings("box", "engine", "The box", "https://127.0.0.1:9/v1"))
    key = "engine:box:mine"
    assert bench.cost.places.row_of(key) is None
    models = bench.connections.models_at("box")
    assert models is not None
    models.bases = (BaseModel("mine", context_tokens=512, is_starter=True),)
    models.status = EngineStatus(training_tokens_per_second=200.0)
    bench.connections._heard["box"] = Heard(ConnectionStatus.READY, (ModelInfo("mine"),))
    bench.connections.changed.emit()
    bench.until_counted()
    bench.cost.choose(key)
    assert bench.cost.choice.label == "mine (The box)"
    assert bench.cost.price is None
    assert bench.cost.seconds == pytest.approx(51_200 * 3 / 200.0, rel=0.1)
    row = bench.cost.places.row_of(key)
    found = None if row is None else bench.cost.places.place(row)
    assert found is not None
    assert (found.where, found.training, found.ready_in) == ("The box", "free", "about 13 min")
    bench.cost.take_choice()
    assert (bench.connections.active.id, bench.connections.base_model) == ("box", "mine")
    # A job there is promised the same time.
    promised = offer(bench.connections, bench.cost, bench.open_project, with_test=False)
    assert promised.price == "Free, about 13 min."


def test_a_model_that_does_not_fit_says_so(bench: CostBench) -> None:
    bench.create([of_tokens(50, O200K) for _ in range(10)])
    know(bench, BaseModel("mine", fits_training=False), speed=None)
    found = place(bench)
    assert (found.note, found.tone) == ("cannot be trained here", "warning")
    assert found.ready_in == "not measured yet"
