from array import array

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.state.examples import id_lookup
from desktop_app.state.examples.id_lookup import difference, runs_from_the_end, without

IDS = st.lists(st.integers(0, 9), max_size=30).map(lambda ids: array("Q", ids))


@given(IDS, IDS)
def test_a_difference_makes_one_list_the_other(old: "array[int]", new: "array[int]") -> None:
    change = difference(old, new)
    end = change.start + change.removed
    middle = new[change.start : change.start + change.inserted]
    assert old[: change.start] + middle + old[end:] == new


def test_a_difference_in_a_long_list_is_as_short_as_can_be() -> None:
    old = array("Q", range(3 * id_lookup.CHUNK))
    new = old[:]
    del new[20_000]
    change = difference(old, new)
    assert (change.start, change.removed, change.inserted) == (20_000, 1, 0)
    assert difference(old, old[:]) == id_lookup.Difference(len(old), 0, 0)


@given(st.sets(st.integers(0, 29)))
def test_ids_are_taken_out_by_their_places(places: set[int]) -> None:
    ids = array("Q", range(100, 130))
    expected = [id for place, id in enumerate(ids) if place not in places]
    assert list(without(ids, sorted(places))) == expected
    for first, last in runs_from_the_end(sorted(places)):
        del ids[first : last + 1]
    assert list(ids) == expected
