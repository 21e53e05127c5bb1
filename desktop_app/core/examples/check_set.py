"""What a service would refuse in a training file as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE, BLOCKS
from desktop_app.core.examples.rules import MEGABYTE, Rules, Trait

ENOUGH_EXAMPLES = 50
"""With fewer, training seldom shows (supervised guide: 50 to 100 are recommended)."""


@dataclass(frozen=True, slots=True)
class SetSize:
    """How many conversations a set has and how large its files are.

    `preference` of the `training` and `test` ones together have two replies to compare.
    """

    training: int
    test: int = 0
    preference: int = 0
    training_bytes: int = 0
    test_bytes: int = 0


def check_set(size: SetSize, rules: Rules) -> list[SetFinding]:
    """Return what is wrong with the set as a whole, what blocks first."""
    return [*_kinds(size, rules), *_number(size, rules), *_file_sizes(size, rules)]


def _kinds(size: SetSize, rules: Rules) -> Iterator[SetFinding]:
    """Name examples of the wrong kind for the method: some of them, or all."""
    total = size.training + size.test
    refused = size.preference if Trait.PREFERENCE in rules.refused else total - size.preference
    if 0 < refused < total:
        yield SetFinding("mixed_kinds", BLOCKS, refused)
    elif refused:
        is_preference = Trait.PREFERENCE in rules.refused
        yield SetFinding("only_preferences" if is_preference else "no_preferences", BLOCKS, refused)


def _number(size: SetSize, rules: Rules) -> Iterator[SetFinding]:
    if size.training < rules.least_examples:
        yield SetFinding("too_few_examples", BLOCKS, size.training, str(rules.least_examples))
    elif size.training < ENOUGH_EXAMPLES:
        yield SetFinding("few_examples", ADVICE, size.training, str(ENOUGH_EXAMPLES))


def _file_sizes(size: SetSize, rules: Rules) -> Iterator[SetFinding]:
    largest = max(size.training_bytes, size.test_bytes)
    megabytes = f"{largest / MEGABYTE:.0f}"
    if largest > rules.file_limit:
        limit = f"{rules.file_limit / MEGABYTE:.0f}"
        yield SetFinding("file_too_large", BLOCKS, detail=f"{megabytes} MB > {limit} MB")
    elif largest > rules.file_advice:
        yield SetFinding("file_may_fail", ADVICE, detail=f"{megabytes} MB")
