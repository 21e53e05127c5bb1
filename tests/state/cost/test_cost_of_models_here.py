"""The engine's models among the places to train."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import O200K
from desktop_app.provider.connections.engine_models import BaseModel, Catalogue, ModelEntry
from desktop_app.provider.provider import ModelInfo
from desktop_app.state.connections.connections import ConnectionStatus, Heard
from desktop_app.state.cost.places_to_train import Place
from desktop_app.storage.settings import THIS_COMPUTER
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
    assert bench.cost.seconds_here == pytest.approx(51_200 * 3 / 100.0, rel=0.1)
    assert place(bench).note == "nothing leaves this computer"
    assert place(bench).ready_in == "about 26 min"


def test_a_model_that_does_not_fit_says_so(bench: CostBench) -> None:
    bench.create([of_tokens(50, O200K) for _ in range(10)])
    know(bench, BaseModel("mine", fits_training=False), speed=None)
    found = place(bench)
    assert (found.note, found.tone) == ("cannot be trained here", "warning")
    assert found.ready_in == "not measured yet"
