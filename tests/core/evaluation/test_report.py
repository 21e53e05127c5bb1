import math

import pytest

from desktop_app.core.evaluation.report import (
    Case,
    Estimate,
    Outcome,
    Verdict,
    build_report,
    compare_exactness,
    compare_losses,
    likeness,
    model_figures,
    worst_lines,
)


def case(n: int, wanted: str = "") -> Case:
    return Case(
        key=f"k{n}", id=n, title=f"title {n}", asked=f"asked {n}", wanted=wanted or f"w {n}"
    )


def losses(*per_token: float, tokens: int = 10) -> dict[str, Outcome]:
    return {
        f"k{n}": Outcome(loss=loss * tokens, tokens=tokens, reply="x", seconds=1.0)
        for n, loss in enumerate(per_token)
    }


def cases(n: int) -> list[Case]:
    return [case(each) for each in range(n)]


def test_loss_is_weighed_by_tokens_and_perplexity_follows_from_it() -> None:
    outcomes = {
        **{f"k{n}": Outcome(loss=10.0, tokens=10) for n in range(5)},
        "k5": Outcome(loss=100.0, tokens=50),
    }
    figures = model_figures(cases(6), outcomes)
    assert figures.loss is not None
    assert figures.perplexity is not None
    assert figures.loss.value == pytest.approx(1.5)
    assert figures.perplexity.value == pytest.approx(math.exp(1.5))
    assert figures.loss.low is not None
    assert figures.loss.high is not None
    assert figures.loss.low == pytest.approx(1.0)
    assert 1.5 < figures.loss.high < 2.0
    assert figures.perplexity.high == pytest.approx(math.exp(figures.loss.high))
    assert (figures.n_scored, figures.n_replies, figures.exact) == (6, 0, None)


def test_exact_replies_are_counted_whatever_their_white_space() -> None:
    wanted = [case(0, "Très bien"), case(1, "no"), case(2, "yes")]
    outcomes = {
        "k0": Outcome(reply=" Tre\u0300s  bien\n", seconds=1.0),
        "k1": Outcome(reply="No", seconds=3.0),
        "k2": Outcome(problem="refused"),
    }
    figures = model_figures(wanted, outcomes)
    assert (figures.n_exact, figures.n_replies, figures.n_problems) == (1, 2, 1)
    assert figures.seconds == 2.0
    assert figures.loss is None
    assert figures.exact is not None
    assert figures.exact.value == 0.5
    # Wilson, 1 of 2.
    assert figures.exact.low == pytest.approx(0.0945, abs=1e-4)
    assert figures.exact.high == pytest.approx(0.9055, abs=1e-4)


def test_a_clear_difference_is_claimed_with_its_interval() -> None:
    before = losses(*[3.0 + n / 10 for n in range(10)])
    after = losses(*[1.0 + n / 20 for n in range(9)], 4.0)
    compared = compare_losses(cases(10), after, before)
    assert compared.verdict is Verdict.BETTER
    assert (compared.n, compared.n_lower) == (10, 9)
    assert compared.difference is not None
    assert compared.difference.high is not None
    assert compared.difference.high < 0
    backwards = compare_losses(cases(10), before, after)
    assert (backwards.verdict, backwards.n_lower) == (Verdict.WORSE, 1)
    assert backwards.difference is not None
    assert backwards.difference.value == pytest.approx(-compared.difference.value)


def test_what_the_interval_does_not_bear_out_is_not_claimed() -> None:
    first = losses(1.0, 2.0, 3.0, 1.0, 2.0, 3.0)
    second = losses(2.0, 1.0, 2.5, 1.5, 2.2, 2.9)
    assert compare_losses(cases(6), first, second).verdict is Verdict.UNCLEAR
    # Four cases, all lower: still too few.
    few = compare_losses(cases(4), losses(1, 1, 1, 1), losses(2, 2, 2, 2))
    assert few.verdict is Verdict.TOO_FEW
    assert few.difference == Estimate(-1.0)


def test_only_what_both_have_is_compared() -> None:
    first, second = losses(1, 1, 1), losses(2, 2, 2)
    del first["k0"]
    second["k1"] = Outcome(problem="timed_out")
    assert compare_losses(cases(3), first, second).n == 1
    assert compare_losses(cases(3), first, {}).verdict is Verdict.NOT_MEASURED
    assert compare_losses([], {}, {}).verdict is Verdict.NOT_MEASURED


def test_losses_over_different_tokens_are_not_compared() -> None:
    compared = compare_losses(cases(6), losses(*[1.0] * 6), losses(*[2.0] * 6, tokens=7))
    assert compared.verdict is Verdict.NOT_COMPARABLE
    assert compared.difference is None


def right(*numbers: int, of: int) -> dict[str, Outcome]:
    return {f"k{n}": Outcome(reply=f"w {n}" if n in numbers else "else") for n in range(of)}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (range(12), (), Verdict.BETTER),
        ((), range(12), Verdict.WORSE),
        (range(6), range(4, 9), Verdict.UNCLEAR),
        # Both right on the same ones: nothing differs, however many they are.
        (range(20), range(20), Verdict.UNCLEAR),
        (range(3), (), Verdict.UNCLEAR),
    ],
)
def test_exactness_is_judged_where_the_models_differ(
    first: range | tuple[int, ...], second: range | tuple[int, ...], verdict: Verdict
) -> None:
    compared = compare_exactness(cases(20), right(*first, of=20), right(*second, of=20))
    assert compared.verdict is verdict
    assert compared.n_first_only == len(set(first) - set(second))
    assert compared.n_second_only == len(set(second) - set(first))


def test_too_few_cases_carry_no_claim_of_exactness() -> None:
    compared = compare_exactness(cases(4), right(0, 1, 2, 3, of=4), right(of=4))
    assert (compared.verdict, compared.n_first_only) == (Verdict.TOO_FEW, 4)


def test_the_worst_come_first_and_what_is_word_for_word_last() -> None:
    outcomes = losses(1.0, 5.0, 3.0, 9.0)
    outcomes["k3"] = Outcome(loss=90.0, tokens=10, reply="w 3")
    outcomes["k4"] = Outcome(problem="refused")
    lines = worst_lines(cases(6), [outcomes, losses(2.0)])
    assert [line.case.key for line in lines] == ["k4", "k1", "k2", "k0", "k3"]
    assert lines[3].outcomes[1] == losses(2.0)["k0"]
    assert lines[1].outcomes[1] is None
    assert lines[4].are_exact == (True, None)


def test_without_losses_the_least_alike_come_first() -> None:
    wanted = [case(0, "Send the mug back"), case(1, "Refund it")]
    outcomes = {"k0": Outcome(reply="Send the cup back"), "k1": Outcome(reply="Quite another")}
    assert [line.case.key for line in worst_lines(wanted, [outcomes])] == ["k1", "k0"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 1.0),
        ("same words", "Same  words", 1.0),
        ("abc", "xyz", 0.0),
        ("今日は晴れ", "今日は雨", pytest.approx(6 / 11)),
    ],
)
def test_likeness(one: str, other: str, expected: float) -> None:
    assert likeness(one, other) == expected
    assert likeness(other, one) == expected


def test_a_report_of_what_has_come_so_far() -> None:
    report = build_report(cases(8), [losses(1.0, 1.0), losses(2.0)])
    assert report.n_cases == 8
    assert [model.n_scored for model in report.models] == [2, 1]
    assert report.loss.verdict is Verdict.TOO_FEW
    assert len(report.lines) == 2
    alone = build_report(cases(2), [losses(1.0)])
    assert alone.loss.verdict is Verdict.NOT_MEASURED
