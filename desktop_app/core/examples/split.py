"""Which examples are kept back for the test: by content, so that it stays the same each time."""

from collections.abc import Sequence
from hashlib import blake2b

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


def for_test(digests: Sequence[int], test_share: float, seed: int = 0) -> list[bool]:
    """Return for each example whether it is for the test.

    Where there are 10 or more and the share is above 0, at least one is: the lowest.
    """
    places = [place(line_digest, seed) for line_digest in digests]
    chosen = [spot < test_share for spot in places]
    if test_share > 0 and len(places) >= MIN_EXAMPLES and not any(chosen):
        chosen[places.index(min(places))] = True
    return chosen
