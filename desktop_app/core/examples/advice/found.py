"""Something found at a place in a text."""

from typing import NamedTuple


class Found(NamedTuple):
    """A code of `texts.py`, and from which character to which it goes."""

    code: str
    start: int
    end: int


def without_overlap(found: list[Found]) -> list[Found]:
    """Return what was found in the order of the text; of what overlaps, the longest."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: (f.start - f.end, f.start)):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda f: f.start)
