"""Which models are offered to talk to, and which of them is chosen after a restart."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Checkpoint
from desktop_app.state.chat.model_choice import ModelChoice, Origin
from desktop_app.state.connections.connections import ConnectionStatus
from tests.state.chat.chat_bench import BASE, SERVICE, TUNED, Bench, conversation, listing

BROUGHT = "ft:base:local:brought-in:abcdefgh"
OTHER, OTHER_AGAIN = "ft:base:acme:other:11111111", "ft:base:acme:other:22222222"
STEP = f"{TUNED}:ckpt-step-4"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, test=[conversation("a", "b")]) as bench:
        yield bench


def list_models(bench: Bench, *names: str) -> None:
    """Let the service list these, as after an adapter was brought in."""
    bench.service.on("GET /v1/models", listing(*names))
    bench.connections.refresh()
    known = [*names]
    bench.until(lambda: [each.id for each in bench.connections.models] == known)


def choice(bench: Bench, model: str) -> ModelChoice:
    return next(each for each in bench.chat.choices.all if each.model == model)


def offered(bench: Bench) -> list[tuple[str, str]]:
    return [(each.origin, each.name) for each in bench.chat.choices.all]


def test_what_a_service_lists_is_offered_behind_what_the_project_made(bench: Bench) -> None:
    record = bench.jobs.record("s-1")
    assert record is not None
    kept = (Checkpoint("c", 2, STEP, 4),)
    bench.jobs._store.put(msgspec.structs.replace(record, checkpoints=kept))
    list_models(bench, "larger", BASE, OTHER, TUNED, STEP, BROUGHT)
    assert offered(bench) == [
        (Origin.PROJECT, "Voice"),
        (Origin.PROJECT, "Voice, step 4"),
        (Origin.ELSEWHERE, "brought-in (base)"),
        (Origin.ELSEWHERE, "other (base)"),
        (Origin.BASE, "base"),
        (Origin.BASE, "larger"),
    ]
    # What was not chosen is not put in the place of the project's own.
    assert bench.chat.document.model == choice(bench, TUNED)
    assert bench.evaluation.tuned == choice(bench, TUNED)
    assert bench.evaluation.base == choice(bench, BASE)


def test_models_of_one_name_are_told_apart_by_their_ids(bench: Bench) -> None:
    list_models(bench, BASE, OTHER, OTHER_AGAIN)
    assert offered(bench)[1:3] == [
        (Origin.ELSEWHERE, "other (base) · 22222222"),
        (Origin.ELSEWHERE, "other (base) · 11111111"),
    ]


def test_a_model_that_was_brought_in_answers(bench: Bench) -> None:
    list_models(bench, BASE, TUNED, BROUGHT)
    bench.chat.choose_model(choice(bench, BROUGHT))
    bench.say("Hello")
    assert bench.service.asked[0]["model"] == BROUGHT


def test_a_model_that_was_brought_in_is_evaluated(bench: Bench) -> None:
    list_models(bench, BASE, TUNED, BROUGHT)
    bench.evaluation.choose_tuned(choice(bench, BROUGHT))
    assert not bench.evaluation.knew_test_set
    bench.evaluation.run()
    bench.evaluated()
    assert {each["model"] for each in bench.service.asked} == {BROUGHT, BASE}


def test_without_a_model_of_its_own_a_project_takes_no_other_by_itself(bench: Bench) -> None:
    bench.jobs._store.forget("s-1")
    list_models(bench, BASE, BROUGHT)
    assert bench.chat.document.model == choice(bench, BASE)
    assert bench.evaluation.tuned is None
    assert [each.model for each in bench.evaluation.choices.tuned] == [BROUGHT]


def test_what_is_chosen_stays_so_over_a_restart(bench: Bench) -> None:
    list_models(bench, BASE, "larger", TUNED, BROUGHT)
    bench.chat.choose_model(choice(bench, BROUGHT))
    bench.chat.choose_against(choice(bench, "larger"))
    bench.evaluation.choose_base(choice(bench, "larger"))
    bench.restart()
    bench.until(lambda: bench.connections.status is ConnectionStatus.READY)
    assert bench.chat.document.model == choice(bench, BROUGHT)
    assert bench.chat.document.against == choice(bench, "larger")
    # Only what is compared with was chosen: the tuned one still is the newest.
    assert bench.evaluation.tuned == choice(bench, TUNED)
    assert bench.evaluation.base == choice(bench, "larger")


def test_what_was_chosen_counts_as_there_until_the_service_was_heard(bench: Bench) -> None:
    list_models(bench, BASE, TUNED, BROUGHT)
    brought = choice(bench, BROUGHT)
    bench.chat.choose_model(brought)
    bench.connections._heard.clear()
    bench.connections.changed.emit()
    assert brought not in bench.chat.choices.all
    assert bench.chat.document.model == brought


def test_what_is_gone_gives_way_to_what_there_is(bench: Bench) -> None:
    list_models(bench, BASE, TUNED, BROUGHT)
    bench.chat.choose_model(choice(bench, BROUGHT))
    bench.evaluation.choose_tuned(choice(bench, BROUGHT))
    list_models(bench, BASE, TUNED)
    assert bench.chat.document.model == bench.evaluation.tuned == choice(bench, TUNED)
    list_models(bench, BASE, TUNED, BROUGHT)
    assert bench.chat.document.model == bench.evaluation.tuned == choice(bench, BROUGHT)


@pytest.mark.parametrize("kept", ["", "[1]", '{"mine": 5}', "é{"])
def test_a_setting_that_makes_no_sense_is_as_none(bench: Bench, kept: str) -> None:
    bench.open_project.project.set_setting("chat_models", kept)
    bench.restart()
    assert bench.chat.document.model == choice(bench, TUNED)


def test_the_choice_of_one_connection_is_not_that_of_another(bench: Bench) -> None:
    list_models(bench, BASE, TUNED, BROUGHT)
    bench.chat.choose_model(choice(bench, BROUGHT))
    bench.connections.set_active("openai")
    assert bench.chat.choices.kept == (None, None)
    bench.connections.set_active(SERVICE)
    bench.until(lambda: bench.connections.status is ConnectionStatus.READY)
    assert bench.chat.document.model == choice(bench, BROUGHT)
