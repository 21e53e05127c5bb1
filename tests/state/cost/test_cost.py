from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import CL100K, O200K
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.connections.connections import OPENAI
from desktop_app.state.cost.places_to_train import Place
from desktop_app.storage.settings import THIS_COMPUTER
from tests.state.cost.cost_bench import (
    COUNTER,
    GPT35_IN_2023,
    MINI,
    CostBench,
    conversation,
    of_tokens,
)

HERE = "here:smollm2-135m-instruct"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[CostBench]:
    with CostBench(qtbot, tmp_path) as bench:
        yield bench


def place(bench: CostBench, key: str) -> Place:
    row = bench.cost.places.row_of(key)
    found = None if row is None else bench.cost.places.place(row)
    assert found is not None
    return found


def test_100_000_tokens_three_times_at_the_price_of_2023_are_2_dollars_40(
    bench: CostBench,
) -> None:
    bench.create([of_tokens(1000, CL100K) for _ in range(100)])
    bench.cost.choose(GPT35_IN_2023)
    bench.until_counted()
    estimate = bench.cost.estimate
    assert estimate is not None
    assert estimate.tokens == 100_000
    assert bench.cost.automatic_passes == 3
    assert estimate.per_million == Decimal("8.0")
    assert estimate.usd == Decimal("2.4")
    price = bench.cost.price
    assert price is not None
    assert price.as_of == "2023-08-22"
    assert place(bench, GPT35_IN_2023).training == "$2.40"


def test_until_counted_there_is_no_sum(bench: CostBench) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    assert bench.cost.estimate is None
    assert bench.cost.counting is not None
    assert place(bench, MINI).training == "counting…"
    bench.until_counted()
    assert bench.cost.counting is None
    assert bench.cost.estimate is not None
    assert place(bench, MINI).training == "$1.50"


def test_an_edit_takes_the_sum_back_until_it_is_counted(bench: CostBench) -> None:
    bench.create([conversation(100)])
    bench.cost.choose(MINI)
    bench.until_counted()
    before = bench.cost.estimate
    (only,) = bench.open_project.project.ids()
    bench.open_project.replace(only, conversation(200))
    assert bench.cost.estimate is None
    bench.until_counted()
    after = bench.cost.estimate
    assert before is not None
    assert after is not None
    assert after.tokens == before.tokens + 100


def test_only_training_conversations_are_paid_for(bench: CostBench) -> None:
    bench.create([of_tokens(50, O200K) for _ in range(40)])
    bench.cost.choose(MINI)
    bench.cost.set_test_share(0.5)
    bench.until_counted()
    estimate = bench.cost.estimate
    assert estimate is not None
    assert estimate.conversations == bench.open_project.counts.training
    assert estimate.tokens == 50 * estimate.conversations


def test_what_is_longer_than_the_model_reads_is_billed_cut(bench: CostBench) -> None:
    bench.create([of_tokens(5000, CL100K), of_tokens(100, CL100K)])
    bench.cost.choose(GPT35_IN_2023)
    bench.until_counted()
    estimate = bench.cost.estimate
    assert estimate is not None
    assert estimate.tokens == 4096 + 100
    assert bench.cost.histogram.too_long == 1


def test_own_passes_and_automatic_ones(bench: CostBench) -> None:
    bench.create([conversation(5) for _ in range(10)])
    assert bench.cost.automatic_passes == 10
    bench.cost.set_passes(4)
    assert (bench.cost.passes, bench.cost.own_passes) == (4, 4)
    bench.cost.set_passes(None)
    assert bench.cost.passes == 10


def test_choices_are_kept_with_the_project(bench: CostBench) -> None:
    bench.create([conversation(5)])
    bench.cost.choose(GPT35_IN_2023)
    bench.cost.set_passes(2)
    bench.cost.set_prompt_today(2500)
    path = bench.open_project.path
    bench.create([conversation(5)], "other")
    assert bench.cost.choice.key == HERE
    assert bench.cost.own_passes is None
    bench.open_project.open(path)
    assert bench.cost.choice.key == GPT35_IN_2023
    assert (bench.cost.passes, bench.cost.prompt_today) == (2, 2500)


def test_a_spoiled_choice_is_as_none(bench: CostBench) -> None:
    bench.create([conversation(5)])
    bench.open_project.project.set_setting("cost", '{"passes": "many"}')
    path = bench.open_project.path
    bench.open_project.close()
    bench.open_project.open(path)
    assert bench.cost.own_passes is None


def test_the_users_own_price(bench: CostBench) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    bench.cost.set_price(MINI, Decimal("10.00"), Decimal(1), Decimal(2))
    bench.until_counted()
    estimate, price = bench.cost.estimate, bench.cost.price
    assert estimate is not None
    assert estimate.usd == Decimal(3)
    assert price is not None
    assert (price.as_of, bench.cost.price_is_own) == ("2026-11-20", True)
    assert place(bench, MINI).training == "$3.00"
    bench.cost.use_listed_price(MINI)
    price = bench.cost.price
    assert price is not None
    assert (price.training, bench.cost.price_is_own) == (Decimal("5.0"), False)


# This computer


def test_this_computer_is_free_and_says_when_it_is_not_measured(bench: CostBench) -> None:
    bench.create([of_tokens(1000, O200K) for _ in range(100)])
    bench.until_counted()
    assert bench.cost.choice.key == HERE
    estimate = bench.cost.estimate
    assert estimate is not None
    assert estimate.usd is None
    assert bench.cost.price is None
    assert bench.cost.seconds is None
    assert place(bench, HERE).ready_in == "not measured yet"
    bench.measured(500.0)
    assert bench.cost.seconds == 600.0
    assert place(bench, HERE).ready_in == "about 10 min"
    assert place(bench, HERE).training == "free"


def test_the_choice_follows_the_connection_until_one_was_made(bench: CostBench) -> None:
    bench.create([conversation(5)])
    bench.connections.use(OPENAI, MINI)
    assert bench.cost.choice.key == MINI
    bench.cost.choose(GPT35_IN_2023)
    bench.connections.use(THIS_COMPUTER, "smollm2-135m-instruct")
    assert bench.cost.choice.key == GPT35_IN_2023
    bench.qtbot.waitUntil(lambda: bench.runner.running == 0, timeout=10_000)


def test_the_choice_is_taken_along_where_it_can_be_trained(bench: CostBench) -> None:
    bench.create([conversation(5)])
    bench.cost.choose(MINI)
    bench.cost.take_choice()
    assert bench.connections.active.id == OPENAI
    assert bench.connections.base_model == MINI
    bench.cost.choose(GPT35_IN_2023)
    bench.cost.take_choice()
    assert bench.connections.base_model == MINI
    bench.cost.choose(HERE)
    bench.cost.take_choice()
    assert bench.connections.active.id == THIS_COMPUTER
    bench.qtbot.waitUntil(lambda: bench.runner.running == 0, timeout=10_000)


# All places


def test_every_model_of_the_price_list_is_there(bench: CostBench) -> None:
    for price in bench.prices.current:
        assert bench.cost.places.row_of(price.base_model) is not None
    assert place(bench, MINI).note == "closes to new jobs 6 Jan 2027"
    assert not place(bench, MINI).is_closed
    gone = place(bench, "gpt-3.5-turbo-0125")
    assert (gone.note, gone.is_closed, gone.tone) == ("shut down 23 Oct 2026", True, "bad")
    by_the_hour = place(bench, "o4-mini-2025-04-16")
    assert not by_the_hour.can_be_chosen
    bench.cost.choose(by_the_hour.key)
    assert bench.cost.choice.key == HERE


def test_past_its_date_a_model_is_closed(bench: CostBench) -> None:
    bench.today = date(2027, 1, 6)
    bench.connections.changed.emit()
    mini = place(bench, MINI)
    assert (mini.note, mini.is_closed) == ("closed to new jobs 6 Jan 2027", True)
    bench.today = date(2027, 1, 14)
    bench.connections.changed.emit()
    assert place(bench, MINI).note == "shut down 14 Jan 2027"


# When it pays for itself


def test_a_short_prompt_pays_for_itself(bench: CostBench) -> None:
    bench.create([conversation(50, "All right.") for _ in range(100)])
    bench.cost.choose(MINI)
    bench.cost.set_prompt_today(1000)
    bench.cost.set_replies_a_month(10_000)
    bench.until_counted()
    shape, costs, estimate = bench.cost.reply_shape, bench.cost.break_even, bench.cost.estimate
    assert shape is not None
    assert costs is not None
    assert estimate is not None
    reply = COUNTER.count_text("All right.", O200K)
    assert shape.reply == reply
    assert costs.base_reply == pytest.approx((1000 * 0.4 + reply * 1.6) / 1e6)
    assert costs.tuned_reply == pytest.approx((shape.prompt * 0.8 + reply * 3.2) / 1e6)
    assert costs.training == pytest.approx(float(estimate.usd or 0))
    assert bench.cost.silent_before_break_even is None


def test_a_model_that_falls_silent_first_is_named(bench: CostBench) -> None:
    bench.create([of_tokens(2000, O200K) for _ in range(100)])
    bench.cost.choose(MINI)
    bench.cost.set_prompt_today(5000)
    bench.cost.set_replies_a_month(100)
    bench.until_counted()
    assert bench.cost.silent_before_break_even == date(2027, 1, 14)


def test_without_a_price_of_the_untuned_model_nothing_is_reckoned(bench: CostBench) -> None:
    bench.create([conversation(50) for _ in range(10)])
    bench.cost.choose(GPT35_IN_2023)
    bench.until_counted()
    assert bench.cost.break_even is None
    bench.cost.choose(HERE)
    assert bench.cost.break_even is None


def test_a_set_in_which_nobody_replies_has_no_shape(bench: CostBench) -> None:
    bench.create([Conversation((Message("user", "hello"),))])
    bench.cost.choose(MINI)
    bench.until_counted()
    assert bench.cost.reply_shape is None
    assert bench.cost.break_even is None


# Faults


def test_the_split_waits_while_another_step_runs(bench: CostBench) -> None:
    bench.create([conversation(1, reply) for reply in ("lamp", "mug", "rug", "vase")])
    bench.cost.set_test_share(0.5)
    assert not bench.cost.can_split
    bench.cost.set_test_share(0.2)
    bench.qtbot.waitUntil(lambda: bench.cost.can_split, timeout=5000)
    assert bench.open_project.counts.test == 2
    assert bench.cost.test_share == 0.5


def test_without_a_project_all_is_empty(bench: CostBench) -> None:
    assert bench.cost.estimate is None
    assert bench.cost.test_share == 0.0
    assert not bench.cost.can_split
    bench.cost.set_test_share(0.3)
    assert bench.cost.histogram.bars == ()
