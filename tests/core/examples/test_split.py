from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.split import (
    MIN_EXAMPLES,
    Placed,
    choose_test,
    digest,
    place,
)

LINES = [f'{{"messages":[{{"role":"user","content":"{n}"}}]}}' for n in range(2000)]
DIGESTS = [digest(line) for line in LINES]
SHARES = st.floats(0.05, 0.5)


@st.composite
def sets(draw: st.DrawFn, placed: bool = False) -> list[Placed]:
    """Examples of which some are equal, near duplicates, tagged, or have a place."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(0, 50),
                st.sampled_from([(), (), ("a",), ("b",), ("c",), ("a", "b"), ("b", "c")]),
                st.sampled_from([None, None, 0, 1, 2]),
                st.sampled_from([None, True, False] if placed else [None]),
            ),
            min_size=1,
            max_size=40,
        )
    )
    return [
        Placed(number, digest(str(content)), tags, group, is_test)
        for number, (content, tags, group, is_test) in enumerate(drawn)
    ]


def alone(examples: list[Placed]) -> list[Placed]:
    """Without near duplicates and equal ones, where each can go anywhere."""
    return [each._replace(group=None, digest=digest(str(each.id))) for each in examples]


def test_digests_and_places_are_the_same_in_every_version() -> None:
    assert digest("é") == -3811523526868657873
    assert place(digest("é")) == 0.9233426563923616
    assert place(digest("é"), seed=-1) == 0.4403929572019615


@given(sets(), SHARES)
def test_near_duplicates_and_equal_examples_never_straddle(
    examples: list[Placed], share: float
) -> None:
    chosen = choose_test(examples, share)
    together = [("group", each.group, each.id) for each in examples if each.group is not None]
    together += [("digest", each.digest, each.id) for each in examples]
    sides = {(kind, key, id in chosen) for kind, key, id in together}
    assert len(sides) == len({(kind, key) for kind, key, _ in together})


@given(sets(placed=True), SHARES)
def test_they_do_not_straddle_where_they_were_placed_apart_either(
    examples: list[Placed], share: float
) -> None:
    chosen = choose_test(examples, share)
    by_group = Counter((each.group, each.id in chosen) for each in examples)
    for group in range(6):
        assert not (by_group[group, True] and by_group[group, False])


@given(sets(placed=True), SHARES)
def test_what_has_a_place_keeps_it(examples: list[Placed], share: float) -> None:
    examples = alone(examples)
    chosen = choose_test(examples, share)
    for each in examples:
        if each.is_test is not None:
            assert (each.id in chosen) == each.is_test


@given(sets(), sets(), SHARES)
def test_adding_more_moves_nothing(before: list[Placed], more: list[Placed], share: float) -> None:
    before = alone(before)
    chosen = choose_test(before, share)
    placed = [each._replace(is_test=each.id in chosen) for each in before]
    added = [
        each._replace(id=1000 + each.id, digest=digest(f"new {each.id}"), group=None)
        for each in more
    ]
    assert choose_test([*placed, *added], share) & {each.id for each in before} == chosen


@given(sets(), SHARES)
def test_each_tag_has_its_share(examples: list[Placed], share: float) -> None:
    examples = [each._replace(tags=each.tags[:1]) for each in alone(examples)]
    chosen = choose_test(examples, share)
    sizes = Counter(each.tags for each in examples)
    tested = Counter(each.tags for each in examples if each.id in chosen)
    if abs(len(chosen) - share * len(examples)) < 1:
        assert all(abs(tested[tag] - share * size) < 1 for tag, size in sizes.items())
    else:
        # Too few for the share, so that one was kept all the same.
        assert len(chosen) == 1


@given(sets(placed=True), SHARES, st.randoms(use_true_random=False))
def test_the_choice_is_by_content_and_not_by_order(
    examples: list[Placed], share: float, random: Random
) -> None:
    shuffled = list(examples)
    random.shuffle(shuffled)
    assert choose_test(shuffled, share) == choose_test(examples, share)


def test_at_least_one_of_ten_is_kept_and_none_where_nobody_wants_a_test() -> None:
    examples = [Placed(n, DIGESTS[n]) for n in range(MIN_EXAMPLES)]
    assert len(choose_test(examples, 1e-9)) == 1
    assert choose_test(examples[:-1], 1e-9) == set()
    assert choose_test(examples, 0) == set()
    assert choose_test([], 0.5) == set()
    with_places = [each._replace(is_test=False) for each in examples]
    assert choose_test(with_places, 0.5) == set()


def test_a_large_group_is_not_taken_for_a_small_share() -> None:
    group = [Placed(n, DIGESTS[n], group=1) for n in range(50)]
    others = [Placed(n, DIGESTS[n]) for n in range(50, 100)]
    chosen = choose_test([*group, *others], 0.1)
    assert len(chosen) == 10
    assert not chosen & {each.id for each in group}


@given(sets(), SHARES)
def test_something_is_left_to_learn_from(examples: list[Placed], share: float) -> None:
    assert len(choose_test(examples, share)) < len(examples)


def test_all_of_one_group_are_learned_from() -> None:
    alike = [Placed(n, DIGESTS[n], group=1) for n in range(20)]
    assert choose_test(alike, 0.5) == set()
    assert choose_test(alike, 1.0) == set(range(20))
