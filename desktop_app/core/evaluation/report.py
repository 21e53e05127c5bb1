"""What an evaluation says: figures for each model, how two compare, where the first falls short."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from msgspec import Struct

from desktop_app.core.evaluation.intervals import bootstrap_interval, wilson_interval
from desktop_app.core.evaluation.metrics import (
    ReplyLoss,
    is_exact_match,
    mean_loss,
    perplexity,
)

FEWEST = 5
"""Fewer conversations than this carry no claim: resampling them says next to nothing."""
FEW = 20
"""Below this an interval is wide, and the user is told so."""


class Case(Struct, frozen=True):
    """A test conversation. `key` is a hash of its content, `asked` what the user said last."""

    key: str
    id: int
    title: str
    asked: str
    wanted: str


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What one model did with one case; None is what was not measured.

    `loss` is that of the whole wanted reply (nats), `tokens` its length; `was_cut`: the reply was
    longer than it was let be; `problem` names what went wrong instead.
    """

    loss: float | None = None
    tokens: int = 0
    reply: str | None = None
    seconds: float | None = None
    was_cut: bool = False
    problem: str = ""

    @property
    def scored(self) -> ReplyLoss | None:
        """The loss with its tokens, if it was measured."""
        return None if self.loss is None else ReplyLoss(self.loss, self.tokens)


Outcomes = Mapping[str, Outcome]
"""One model's outcomes by the key of the case."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval; without one where there are too few conversations."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model on the test set. `loss` is per token; `seconds` is the mean for a reply."""

    n_scored: int
    loss: Estimate | None
    perplexity: Estimate | None
    n_replies: int
    n_exact: int
    exact: Estimate | None
    seconds: float | None
    n_problems: int


class Verdict(StrEnum):
    """What the interval allows to say of the first model against the second."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"
    TOO_FEW = "too_few"
    NOT_MEASURED = "not_measured"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class LossComparison:
    """The first model's loss per token minus the second's, over `n` cases that both have."""

    verdict: Verdict
    n: int = 0
    n_lower: int = 0
    difference: Estimate | None = None


@dataclass(frozen=True, slots=True)
class ExactComparison:
    """Of `n` cases, which only the first model got word for word, and which only the second."""

    verdict: Verdict
    n: int = 0
    n_first_only: int = 0
    n_second_only: int = 0


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case with what each model did; `badness` is higher where the first fell shorter."""

    case: Case
    outcomes: tuple[Outcome | None, ...]
    are_exact: tuple[bool | None, ...]
    badness: float


@dataclass(frozen=True, slots=True)
class Report:
    """The whole. The comparisons are those of the first two models."""

    n_cases: int
    models: tuple[ModelFigures, ...]
    loss: LossComparison
    exact: ExactComparison
    lines: tuple[CaseLine, ...]


def build_report(cases: Sequence[Case], outcomes: Sequence[Outcomes]) -> Report:
    """Work out the report of one model's or two models' outcomes, as far as they have come."""
    first, second = outcomes[0], outcomes[1] if len(outcomes) > 1 else {}
    return Report(
        n_cases=len(cases),
        models=tuple(model_figures(cases, each) for each in outcomes),
        loss=compare_losses(cases, first, second),
        exact=compare_exactness(cases, first, second),
        lines=tuple(worst_lines(cases, outcomes)),
    )


def model_figures(cases: Sequence[Case], outcomes: Outcomes) -> ModelFigures:
    """Work out one model's figures: bootstrap intervals over cases, Wilson's for the share."""
    had = [(case, outcomes[case.key]) for case in cases if case.key in outcomes]
    losses = [scored for _, outcome in had if (scored := outcome.scored) is not None]
    exact = [
        is_exact_match(each.reply, case.wanted) for case, each in had if each.reply is not None
    ]
    seconds = [each.seconds for _, each in had if each.seconds is not None]
    loss = _mean_loss_estimate(losses)
    return ModelFigures(
        n_scored=len(losses),
        loss=loss,
        perplexity=_perplexity_estimate(loss),
        n_replies=len(exact),
        n_exact=sum(exact),
        exact=_share_estimate(sum(exact), len(exact)),
        seconds=fmean(seconds) if seconds else None,
        n_problems=sum(bool(each.problem) for _, each in had),
    )


def compare_losses(cases: Sequence[Case], first: Outcomes, second: Outcomes) -> LossComparison:
    """Compare losses on the same cases, resampling pairs.

    Losses per token of models that cut text into different tokens cannot be compared.
    """
    pairs = [
        (a, b)
        for case in cases
        if (a := _scored(first, case)) is not None and (b := _scored(second, case)) is not None
    ]
    if not pairs:
        return LossComparison(Verdict.NOT_MEASURED)
    if any(a.tokens != b.tokens for a, b in pairs):
        return LossComparison(Verdict.NOT_COMPARABLE, len(pairs))
    n_lower = sum(a.total < b.total for a, b in pairs)
    value = _loss_difference(pairs)
    if len(pairs) < FEWEST:
        return LossComparison(Verdict.TOO_FEW, len(pairs), n_lower, Estimate(value))
    interval = bootstrap_interval(pairs, _loss_difference)
    difference = Estimate(value, interval.low, interval.high)
    verdict = Verdict.UNCLEAR
    if interval.high < 0:
        verdict = Verdict.BETTER
    elif interval.low > 0:
        verdict = Verdict.WORSE
    return LossComparison(verdict, len(pairs), n_lower, difference)


def compare_exactness(cases: Sequence[Case], first: Outcomes, second: Outcomes) -> ExactComparison:
    """Compare exact replies on the same cases: a sign test on those where the models differ.

    Claims a difference if Wilson's interval of the first model's share of them leaves out 1/2.
    """
    pairs = [
        (a, b)
        for case in cases
        if (a := _exact(first, case)) is not None and (b := _exact(second, case)) is not None
    ]
    if not pairs:
        return ExactComparison(Verdict.NOT_MEASURED)
    gained, lost = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    verdict = Verdict.TOO_FEW if len(pairs) < FEWEST else Verdict.UNCLEAR
    if gained + lost >= FEWEST:
        share = wilson_interval(gained, gained + lost)
        if share.low > 0.5:
            verdict = Verdict.BETTER
        elif share.high < 0.5:
            verdict = Verdict.WORSE
    return ExactComparison(verdict, len(pairs), gained, lost)


def worst_lines(cases: Sequence[Case], outcomes: Sequence[Outcomes]) -> list[CaseLine]:
    """Order the cases that the first model has met by how far it fell short.

    What it gave word for word comes last. The others go by loss per token, or, where the service
    tells none, by how little the replies look alike.
    """
    lines = [_line(case, outcomes) for case in cases if case.key in outcomes[0]]
    return sorted(lines, key=lambda line: (line.are_exact[0] is True, -line.badness))


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1, by the pairs of letters they share (Dice 1945)."""
    a, b = _bigrams(one), _bigrams(other)
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def _bigrams(text: str) -> Counter[str]:
    padded = f" {' '.join(text.casefold().split())} "
    return Counter(padded[place : place + 2] for place in range(len(padded) - 1))


def _line(case: Case, outcomes: Sequence[Outcomes]) -> CaseLine:
    had = tuple(each.get(case.key) for each in outcomes)
    exact = tuple(_exact(each, case) for each in outcomes)
    first = had[0]
    badness = 0.0
    if first is not None and first.problem:
        badness = math.inf
    elif first is not None and first.scored is not None and first.tokens:
        badness = first.scored.mean
    elif first is not None and first.reply is not None:
        badness = 1 - likeness(first.reply, case.wanted)
    return CaseLine(case, had, exact, badness)


def _scored(outcomes: Outcomes, case: Case) -> ReplyLoss | None:
    outcome = outcomes.get(case.key)
    return None if outcome is None else outcome.scored


def _exact(outcomes: Outcomes, case: Case) -> bool | None:
    outcome = outcomes.get(case.key)
    if outcome is None or outcome.reply is None:
        return None
    return is_exact_match(outcome.reply, case.wanted)


def _loss_difference(pairs: Sequence[tuple[ReplyLoss, ReplyLoss]]) -> float:
    return mean_loss(a for a, _ in pairs) - mean_loss(b for _, b in pairs)


def _mean_loss_estimate(losses: Sequence[ReplyLoss]) -> Estimate | None:
    if not losses:
        return None
    if len(losses) < FEWEST:
        return Estimate(mean_loss(losses))
    interval = bootstrap_interval(losses, mean_loss)
    return Estimate(mean_loss(losses), interval.low, interval.high)


def _perplexity_estimate(loss: Estimate | None) -> Estimate | None:
    if loss is None or loss.low is None or loss.high is None:
        return None if loss is None else Estimate(perplexity(loss.value))
    return Estimate(perplexity(loss.value), perplexity(loss.low), perplexity(loss.high))


def _share_estimate(successes: int, n: int) -> Estimate | None:
    if not n:
        return None
    interval = wilson_interval(successes, n)
    return Estimate(successes / n, interval.low, interval.high)
