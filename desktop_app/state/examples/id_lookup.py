"""Looking up which conversations a list shows, on a worker, and what is new in an answer."""

import time
from array import array
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import Report, ShouldStop
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

FIRST_HITS = 100
"""So many are shown at once: more than a window has rows."""

BATCH_S = 0.03
"""Between two reports: the window takes them no faster."""

CHUNK = 8192
"""Ids that are compared at once."""


def finder(path: Path, where: Filter) -> Callable[[Report, ShouldStop], "array[int]"]:
    """Return work that reports a text's hits in batches, as arrays, and returns them all.

    What needs no reading of texts is answered at once.
    """

    def find(report: Report, should_stop: ShouldStop) -> "array[int]":
        with closing(Project.open(path, shared=True)) as project:
            if not where.text:
                return project.ids(where)
            return _scan(project, where, report, should_stop)

    return find


def _scan(project: Project, where: Filter, report: Report, should_stop: ShouldStop) -> "array[int]":
    hits = _Hits(report, should_stop)
    for id_ in project.search(where, limit=None, stop=hits.tell_now_and_then):
        hits.found.append(id_)
        if len(hits.found) == FIRST_HITS:
            hits.tell()
    return hits.found


class _Hits:
    """What a scan has found. It is told between the hits as well: the next may be far."""

    def __init__(self, report: Report, should_stop: ShouldStop) -> None:
        self.found = array("Q")
        self._report = report
        self._should_stop = should_stop
        self._told = 0
        self._last = time.monotonic()

    def tell(self) -> None:
        """Report what was not yet."""
        self._report(self.found[self._told :])
        self._told = len(self.found)
        self._last = time.monotonic()

    def tell_now_and_then(self) -> bool:
        """Report if it is time to; return whether to stop."""
        if len(self.found) > self._told and time.monotonic() - self._last > BATCH_S:
            self.tell()
        return self._should_stop()


@dataclass(frozen=True)
class Difference:
    """The `removed` items from `start` on give place to `inserted` others."""

    start: int
    removed: int
    inserted: int


def difference(old: "array[int]", new: "array[int]") -> Difference:
    """Return the one stretch in which two lists differ."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start : start + CHUNK] == new[start : start + CHUNK]:
        start += CHUNK
    start = min(start, shorter)
    while start < shorter and old[start] == new[start]:
        start += 1
    end, most = 0, shorter - start
    while end + CHUNK <= most and _before(old, end) == _before(new, end):
        end += CHUNK
    while end < most and old[-1 - end] == new[-1 - end]:
        end += 1
    return Difference(start, len(old) - start - end, len(new) - start - end)


def _before(ids: "array[int]", end: int) -> "array[int]":
    """The chunk that has `end` ids behind it."""
    stop = len(ids) - end
    return ids[stop - CHUNK : stop]


def without(ids: "array[int]", places: list[int]) -> "array[int]":
    """Return ids but for those at some places, which ascend."""
    left, start = array("Q"), 0
    for place in places:
        left.extend(ids[start:place])
        start = place + 1
    left.extend(ids[start:])
    return left


def runs_from_the_end(places: list[int]) -> list[tuple[int, int]]:
    """Return ascending places as runs (first, last), the last run first."""
    runs: list[tuple[int, int]] = []
    for place in reversed(places):
        if runs and runs[-1][0] == place + 1:
            runs[-1] = (place, runs[-1][1])
        else:
            runs.append((place, place))
    return runs
