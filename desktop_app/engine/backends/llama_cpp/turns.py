"""Who is answered together, and who waits: first come, first served."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(eq=False)
class Place:
    """A reply's place in the line; those with one key may be made together."""

    key: Hashable


class Turns:
    """A line of replies, for one thread.

    Replies under different adapters are not mixed: llama.cpp would work on one of them until it is
    over, and whoever came later could overtake. Nor is one with a seed mixed with anything: the
    numbers of a batch differ in the last bits from those of one sequence alone.
    """

    def __init__(self, together: int) -> None:
        self._together = together
        self._line: list[Place] = []

    def line_up(self, key: Hashable) -> Place:
        """Return a place at the end."""
        place = Place(key)
        self._line.append(place)
        return place

    def is_on(self, place: Place) -> bool:
        """Whether a reply may be made now."""
        before = self._line[: self._line.index(place)]
        return len(before) < self._together and all(one.key == place.key for one in before)

    def leave(self, place: Place) -> None:
        """Give a place up."""
        self._line.remove(place)
