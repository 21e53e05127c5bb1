from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.split import digest, for_test, place

LINES = [f'{{"messages":[{{"role":"user","content":"{n}"}}]}}' for n in range(2000)]
DIGESTS = [digest(line) for line in LINES]


def test_the_share_is_about_right_and_the_seed_matters() -> None:
    assert 340 < sum(for_test(DIGESTS, 0.2)) < 460
    assert for_test(DIGESTS, 0.2) == for_test(DIGESTS, 0.2)
    assert for_test(DIGESTS, 0.2, seed=1) != for_test(DIGESTS, 0.2, seed=2)


def test_digests_and_places_are_the_same_in_every_version() -> None:
    assert digest("é") == -3811523526868657873
    assert place(digest("é")) == 0.9233426563923616
    assert place(digest("é"), seed=-1) == 0.4403929572019615


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=10), st.floats(0.01, 0.99))
def test_adding_moves_nothing_once_one_is_chosen_by_place(found: list[int], share: float) -> None:
    chosen = for_test(found, share)
    assert any(chosen)
    more = for_test([*found, 1, 2, 3], share)
    if any(place(d) < share for d in found):
        assert more[: len(found)] == chosen


def test_equal_examples_stay_together() -> None:
    chosen = for_test(DIGESTS * 2, 0.5)
    assert chosen[:2000] == chosen[2000:]


def test_few_examples_and_no_share() -> None:
    assert not any(for_test(DIGESTS[:9], 1e-9))
    assert sum(for_test(DIGESTS[:10], 1e-9)) == 1
    assert not any(for_test(DIGESTS, 0))
    assert for_test([], 0.5) == []
