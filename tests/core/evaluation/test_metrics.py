import math

import pytest

from desktop_app.core.evaluation.metrics import (
    ReplyLoss,
    is_exact_match,
    mean_loss,
    perplexity,
)


def test_loss_is_per_token_over_all_replies() -> None:
    short, long = ReplyLoss.of([-2.0]), ReplyLoss.of([-1.0, -1.0, -1.0])
    assert short.mean == 2.0
    assert long.mean == 1.0
    assert mean_loss([short, long]) == 1.25
    assert mean_loss(iter([short])) == 2.0


def test_nothing_measured_is_not_a_number() -> None:
    assert math.isnan(mean_loss([]))
    assert math.isnan(ReplyLoss.of([]).mean)
    assert mean_loss([ReplyLoss.of([]), ReplyLoss.of([-3.0])]) == 3.0


def test_an_impossible_reply_has_infinite_loss() -> None:
    assert mean_loss([ReplyLoss.of([-math.inf, -1.0])]) == math.inf
    assert perplexity(math.inf) == math.inf


def test_perplexity_of_a_fair_choice_is_its_size() -> None:
    assert perplexity(math.log(50_000)) == pytest.approx(50_000)
    assert perplexity(0.0) == 1.0
    assert perplexity(10_000.0) == math.inf


@pytest.mark.parametrize(
    ("reply", "wanted", "same"),
    [
        ("Yes.", "Yes.", True),
        (" Yes,\n it is. ", "Yes, it is.", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("a\u3000b", "a b", True),
        ("yes.", "Yes.", False),
        ("①", "1", False),
        ("", " ", True),
    ],
)
def test_exact_match(reply: str, wanted: str, same: bool) -> None:
    assert is_exact_match(reply, wanted) is same
