"""What an engine has and fetches, asked over real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.state.models import engine_models
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.notices import Notices
from desktop_app.storage.settings import THIS_COMPUTER
from tests.provider.model_engine import STATUS, entry
from tests.provider.scripted_service import Answer, error
from tests.state.models.models_bench import ModelsBench

HUB = "Qwen/Qwen2.5-0.5B"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelsBench]:
    monkeypatch.setattr(engine_models, "POLL_SECONDS", 0.01)
    with ModelsBench(qtbot, tmp_path) as bench:
        yield bench
        bench.until_idle()
        bench.stop(bench.model_engine)


def state(bench: ModelsBench, hub: str = HUB) -> str:
    found = bench.models.entry(hub)
    return found.state if found else ""


def test_what_there_is_and_what_can_be_fetched(bench: ModelsBench) -> None:
    bench.look()
    (base,) = bench.models.bases
    assert (base.id, base.is_starter) == ("smollm2-135m-instruct", True)
    (listed,) = bench.models.entries()
    assert (listed.hub, listed.licence.id, listed.fits_training) == (HUB, "apache-2.0", True)
    assert bench.models.catalogue is not None
    assert bench.models.catalogue.as_of == "2026-11-01"
    assert bench.models.problem == ""


def test_a_fetch_is_followed_to_its_end_and_told(bench: ModelsBench) -> None:
    bench.look()
    seen: list[int] = []
    bench.models.changed.connect(
        lambda: seen.append(bench.models.entry(HUB).bytes_done or 0)  # type: ignore[union-attr]  # it is listed
    )
    bench.models.fetch(HUB)
    bench.until(lambda: len(bench.models.bases) == 2)
    assert bench.model_engine.accepted == [HUB]
    assert seen == sorted(seen)
    assert any(0 < each < 1_000_000_000 for each in seen)
    (notice,) = bench.notices
    assert (notice.level, notice.text) == (
        "good",
        "Qwen2.5 0.5B has been fetched and checked. A new job can start from it.",
    )


def test_the_connection_offers_what_has_arrived(bench: ModelsBench) -> None:
    bench.connections.set_active(THIS_COMPUTER)
    bench.until(lambda: bench.connections.base_model != "")
    bench.until(lambda: bench.models.catalogue is not None)
    bench.models.fetch(HUB)
    bench.until(
        lambda: (
            bench.connections.base_models(THIS_COMPUTER)
            == ["smollm2-135m-instruct", "qwen2.5-0.5b"]
        )
    )


def test_a_fetch_is_stopped_and_goes_on(bench: ModelsBench) -> None:
    bench.model_engine.piece = 1_000_000
    bench.look()
    bench.models.fetch(HUB)
    bench.until(lambda: state(bench) == "fetching")
    bench.models.stop(HUB)
    bench.until(lambda: state(bench) == "stopped")
    bench.until_idle()
    assert bench.notices == []
    bench.model_engine.piece = 10**9
    bench.models.fetch(HUB)
    bench.until(lambda: len(bench.models.bases) == 2)


def test_what_has_arrived_can_be_thrown_away(bench: ModelsBench) -> None:
    bench.model_engine.piece = 1_000_000
    bench.look()
    bench.models.fetch(HUB)
    bench.until(lambda: state(bench) == "fetching")
    bench.models.forget(HUB)
    bench.until(lambda: state(bench) == "missing")
    assert bench.model_engine.fetches == {}


def test_a_fetch_that_fails_says_why_and_can_be_tried_again(bench: ModelsBench) -> None:
    bench.model_engine.ends = "failed"
    bench.look()
    bench.models.fetch(HUB)
    bench.until(lambda: state(bench) == "failed" and bool(bench.notices))
    (notice,) = bench.notices
    assert (notice.level, notice.detail) == ("warning", "The connection to the hub broke off.")
    assert notice.remedy is not None
    bench.model_engine.ends = "ready"
    notice.remedy.action()
    bench.until(lambda: len(bench.models.bases) == 2)


def test_a_fetch_that_another_window_began_is_followed(bench: ModelsBench) -> None:
    bench.model_engine.piece = 400_000_000
    bench.model_engine.fetches[HUB] = entry(HUB, state="fetching")
    bench.models.look()
    bench.until(lambda: len(bench.models.bases) == 2)
    assert len(bench.notices) == 1


def test_an_engine_that_goes_away_in_a_fetch_is_told(bench: ModelsBench) -> None:
    bench.model_engine.piece = 1_000_000
    bench.look()
    bench.models.fetch(HUB)
    bench.until(lambda: state(bench) == "fetching")
    bench.model_engine.on("GET /engine/fetches", error(500, "The store is full."))
    bench.until(lambda: bench.models.problem_of(HUB) == "The store is full.")


def test_any_model_of_the_hub_can_be_looked_up(bench: ModelsBench) -> None:
    bench.model_engine.hub["me/mine"] = entry("me/mine", title="Mine")
    bench.look()
    bench.models.look_up(" me/mine ")
    bench.until(lambda: bench.models.entry("me/mine") is not None)
    assert [each.hub for each in bench.models.entries()] == [HUB, "me/mine"]
    bench.models.look_up("me/nothing")
    bench.until(lambda: bench.models.problem_of("me/nothing") != "")
    assert bench.models.problem_of("me/nothing") == "The hub has no model me/nothing."


def test_a_model_that_is_needed_is_not_removed(bench: ModelsBench) -> None:
    bench.look()
    route = "DELETE /engine/bases/smollm2-135m-instruct"
    bench.model_engine.on(route, error(409, "The tuned model ft:x cannot answer without it."))
    bench.models.remove("smollm2-135m-instruct")
    bench.until(lambda: bench.models.problem_of("smollm2-135m-instruct") != "")
    assert bench.models.problem_of("smollm2-135m-instruct").startswith("The tuned model ft:x")
    assert len(bench.models.bases) == 1


def test_a_model_that_nobody_needs_is_removed(bench: ModelsBench) -> None:
    bench.look()
    with bench.qtbot.waitSignal(bench.models.bases_changed, timeout=10_000):
        bench.models.remove("smollm2-135m-instruct")
    assert bench.models.bases == ()


def test_models_and_adapters_of_this_computer_are_handed_over(
    bench: ModelsBench, tmp_path: Path
) -> None:
    with bench.qtbot.waitSignal(bench.models.added, timeout=10_000) as added:
        bench.models.take_model(tmp_path)
        assert bench.models.is_busy(str(tmp_path))
        bench.models.take_model(tmp_path)  # one at a time
    assert added.args == ["taken"]
    bench.until_idle()
    with bench.qtbot.waitSignal(bench.models.added, timeout=10_000):
        bench.models.take_adapter(tmp_path, "voice", None)
    assert bench.model_engine.taken == [
        {"path": str(tmp_path)},
        {"folder": str(tmp_path), "name": "voice"},
    ]


def test_an_earlier_engine_says_so(bench: ModelsBench) -> None:
    bench.model_engine.on("GET /engine/fetches", error(404, "Invalid URL (GET /engine/fetches)"))
    bench.look()
    assert bench.models.problem == "This engine is an earlier version that does not offer this."
    assert bench.notices == []


def test_an_engine_elsewhere_that_measures_is_asked_again(
    bench: ModelsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_models, "MEASURING_MS", 5)
    monkeypatch.setattr(engine_models, "MOST_WAITS", 3)
    status = {**STATUS, "training_tokens_per_second": None}
    bench.model_engine.on("GET /engine", Answer(status))
    elsewhere = EngineModels(
        bench.models._desk, bench.runner, Notices(bench.models), bench.models, is_local=False
    )
    told: list[float | None] = []
    elsewhere.bases_changed.connect(lambda: told.append(elsewhere._speed))
    elsewhere.look()
    bench.until(lambda: elsewhere._waits == 2)
    bench.model_engine.on("GET /engine", Answer({**status, "training_tokens_per_second": 90.0}))
    bench.until(lambda: told == [None, 90.0])
    bench.until_idle()
    assert not elsewhere._measuring.isActive()
    # One that never tells is not asked for ever.
    elsewhere.status = None
    bench.model_engine.on("GET /engine", Answer(status))
    elsewhere.look()
    bench.until(lambda: elsewhere._waits == 3 and not elsewhere._measuring.isActive())
    bench.until_idle()
    assert elsewhere._waits == 3
