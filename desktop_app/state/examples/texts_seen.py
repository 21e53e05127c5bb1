"""What is remembered of all texts while a project is open, so that each is read once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock

from desktop_app.core.examples.advice.groups import GroupCounts
from desktop_app.core.examples.advice.near_duplicates import NearDuplicates
from desktop_app.core.examples.advice.review_lines import Seen, Stored


class TextsSeen:
    """Signatures and named groups of conversations, each of one revision.

    Workers take turns: one that was given up may still be ending when the next begins. They hold
    `lock` while they call anything here.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self._near = NearDuplicates()
        self._signed: dict[int, int] = {}
        self._named: dict[int, int] = {}
        self._names: dict[int, tuple[str, ...]] = {}

    def take_names(self, id: int, revision: int, names: tuple[str, ...]) -> None:
        """Remember the groups that a text names."""
        self._named[id] = revision
        if names:
            self._names[id] = names
        else:
            self._names.pop(id, None)

    def take(self, stored: Sequence[Stored], seen: Sequence[Seen]) -> None:
        """Remember what was seen of these texts."""
        for (id_, revision, _), (signature, names) in zip(stored, seen, strict=True):
            self._near.add_signature(id_, signature)
            self._signed[id_] = revision
            self.take_names(id_, revision, names)

    def forget_all_but(self, revisions: Mapping[int, int]) -> None:
        """Forget what is no longer there."""
        for id_ in self._signed.keys() - revisions.keys():
            del self._signed[id_]
            self._near.drop(id_)
        for id_ in self._named.keys() - revisions.keys():
            del self._named[id_]
            self._names.pop(id_, None)

    def unsigned(self, revisions: Mapping[int, int]) -> list[int]:
        """Return the ids whose text, as it is now, has not been seen."""
        signed = self._signed
        return [id_ for id_, revision in revisions.items() if signed.get(id_) != revision]

    def group_counts(self, revisions: Mapping[int, int]) -> GroupCounts | None:
        """Count the named groups; None while some texts have not been looked at for them."""
        if self._named != revisions:
            return None
        counts = GroupCounts()
        for names in self._names.values():
            counts.count(names)
        return counts

    @property
    def near(self) -> NearDuplicates:
        """All that are signed."""
        return self._near


def in_batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield ids so many at a time."""
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch
