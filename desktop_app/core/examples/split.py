"""Which examples are kept back for the test: by content, so that it stays the same each time."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

MIN_EXAMPLES = 10
"""From so many on, at least one example is kept back."""


def digest(line: str) -> int:
    """Return 64 bits, as a signed number, that stand for an example's training line."""
    return int.from_bytes(blake2b(line.encode(), digest_size=8).digest(), "big", signed=True)


def place(line_digest: int, seed: int = 0) -> float:
    """Return where an example falls between 0 and 1; equal examples fall on the same spot.

    An example is for the test if its place is below the test share, so examples added later move
    none that are there, and no example is both trained on and tested with.
    """
    key = seed.to_bytes(8, "big", signed=True)
    data = line_digest.to_bytes(8, "big", signed=True)
    return int.from_bytes(blake2b(data, digest_size=8, key=key).digest(), "big") / 2**64


class Placed(NamedTuple):
    """What of an example decides where it goes.

    `group` is shared with its near duplicates, None if it has none. `is_test` is None where it has
    no place yet; a place that it has it keeps.
    """

    id: int
    digest: int
    tags: tuple[str, ...] = ()
    group: int | None = None
    is_test: bool | None = None


def choose_test(examples: Sequence[Placed], test_share: float, seed: int = 0) -> set[int]:
    """Return the ids to keep for the test: a share of each tag, chosen by content.

    Equal examples and near duplicates stay together, wherever most of them are. Examples with a
    place keep it but for that; the others fill up what is missing. Where there are 10 or more and
    the share is above 0, at least one is for the test if any may still be placed; and if the share
    is below 1, something is left to learn from, even where all are near duplicates of each other.
    """
    units = _units(examples, seed)
    chosen = [unit for unit in units if unit.is_test]
    free = [unit for unit in units if unit.is_test is None]
    quotas = _quotas(units, test_share)
    held = Counter[str]()
    for unit in chosen:
        held[unit.stratum] += len(unit.ids)
    for unit in free:
        # As near to the quota as whole units allow: over it by less than under it without.
        if 2 * (quotas[unit.stratum] - held[unit.stratum]) >= len(unit.ids):
            held[unit.stratum] += len(unit.ids)
            chosen.append(unit)
    if not chosen and free and test_share > 0 and len(examples) >= MIN_EXAMPLES:
        chosen.append(min(free, key=lambda unit: (len(unit.ids), unit.spot)))
    if len(chosen) == len(units) and chosen and chosen[-1].is_test is None and test_share < 1:
        chosen.pop()
    return {id_ for unit in chosen for id_ in unit.ids}


@dataclass(frozen=True, slots=True)
class _Unit:
    """Examples that stay together."""

    ids: tuple[int, ...]
    spot: float
    stratum: str
    is_test: bool | None


def _units(examples: Sequence[Placed], seed: int) -> list[_Unit]:
    """Return what stays together, in the order in which it is chosen."""
    rarity = Counter(tag for example in examples for tag in example.tags)
    units = []
    for members in _together(examples):
        tags = {tag for member in members for tag in member.tags}
        votes = Counter(member.is_test for member in members if member.is_test is not None)
        units.append(
            _Unit(
                ids=tuple(member.id for member in members),
                spot=min(place(member.digest, seed) for member in members),
                # By the rarest of its tags, for of the others there is enough.
                stratum=min(tags, key=lambda tag: (rarity[tag], tag), default=""),
                is_test=votes[True] > votes[False] if votes else None,
            )
        )
    return sorted(units, key=lambda unit: (unit.spot, unit.ids))


def _together(examples: Iterable[Placed]) -> Iterable[list[Placed]]:
    """Join examples of equal content or of one group, also by way of others."""
    parent: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    members: defaultdict[Hashable, list[Placed]] = defaultdict(list)
    for example in examples:
        if example.group is not None:
            parent[root(("content", example.digest))] = root(("group", example.group))
    for example in examples:
        members[root(("content", example.digest))].append(example)
    return members.values()


def _quotas(units: Sequence[_Unit], test_share: float) -> dict[str, int]:
    """Return how many of each stratum are for the test; the sum is right (largest remainder)."""
    sizes = Counter[str]()
    for unit in units:
        sizes[unit.stratum] += len(unit.ids)
    quotas = {stratum: int(size * test_share) for stratum, size in sizes.items()}
    missing = round(sizes.total() * test_share) - sum(quotas.values())
    by_remainder = sorted(sizes, key=lambda each: (quotas[each] - sizes[each] * test_share, each))
    for stratum in by_remainder[:missing]:
        quotas[stratum] += 1
    return quotas
