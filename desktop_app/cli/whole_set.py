"""What only all examples of a file together show, gathered while they pass by."""

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from desktop_app.cli.findings import Said, of_set
from desktop_app.core.examples.advice.balance import (
    length_of_very_long,
    many_refusals,
    unequal_languages,
    unequal_lengths,
    unequal_shares,
)
from desktop_app.core.examples.advice.groups import GroupCounts
from desktop_app.core.examples.advice.instructions import Instructions, slips
from desktop_app.core.examples.advice.near_duplicates import MOST_COMPARED, NearDuplicates
from desktop_app.core.examples.advice.parts import parts_of
from desktop_app.core.examples.advice.review import Reviewed
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.check_set import SetSize, check_set
from desktop_app.core.examples.checks import ADVICE
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.rules import Rules
from desktop_app.core.examples.split import digest

MOST_INSTRUCTIONS = 1000
"""Different instructions that are kept; the rest are too many to differ by accident."""


class WholeSet:
    """Takes the examples of a file one by one; a few hundred bytes are kept of each."""

    def __init__(self) -> None:
        self.total = 0
        self._tests: set[int] = set()
        self._preferences = self._bytes = self._test_bytes = self._refusals = 0
        self._lengths = array("Q")
        self._lines = array("Q")
        self._tags: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._groups = GroupCounts()
        self._near = NearDuplicates()
        self._by_digest: dict[int, list[int]] = {}
        self._replies: dict[tuple[int, int], dict[int, list[int]]] = {}
        self._instructions: dict[int, tuple[str, list[int]]] = {}

    def add(self, item: Imported, written: str, reviewed: Reviewed) -> None:
        """Take one more, with its training line and what its review showed."""
        conversation, number = item.conversation, item.number
        self.total += 1
        size = len(written.encode()) + 1
        if item.split == "test":
            self._tests.add(number)
            self._test_bytes += size
        else:
            self._bytes += size
        self._preferences += conversation.is_preference
        self._refusals += "refusal" in reviewed.codes
        self._lengths.append(sum(len(message.text) for message in conversation.all_messages))
        self._lines.append(number)
        self._tags.update(item.tags)
        if reviewed.language:
            self._languages[reviewed.language] += 1
        self._groups.count(reviewed.names)
        self._by_digest.setdefault(digest(written), []).append(number)
        if self.total <= MOST_COMPARED:
            self._near.add(number, conversation)
        self._add_digests(item, reviewed)

    def findings(self, rules: Rules, unit: str) -> Iterator[Said]:
        """Say what is found, what blocks first; `unit` is what lines are called."""
        size = SetSize(
            self.total - len(self._tests),
            len(self._tests),
            self._preferences,
            self._bytes,
            self._test_bytes,
        )
        for finding in check_set(size, rules):
            yield of_set(finding)
        for code, lines in self._lines_by_code():
            if lines:
                yield of_set(SetFinding(code, ADVICE, len(lines)), tuple(sorted(lines)), unit)
        if self.total > MOST_COMPARED:
            yield of_set(SetFinding("near_duplicates_not_looked_for", ADVICE, self.total))
        for share in self._shares():
            if share is not None:
                yield of_set(share)

    def _add_digests(self, item: Imported, reviewed: Reviewed) -> None:
        if reviewed.question:
            key = (reviewed.question, reviewed.instructions)
            self._replies.setdefault(key, {}).setdefault(reviewed.reply, []).append(item.number)
        if reviewed.instructions:
            known = self._instructions.get(reviewed.instructions)
            if known is not None:
                known[1].append(item.number)
            elif len(self._instructions) < MOST_INSTRUCTIONS:
                text = parts_of(item.conversation).instructions
                self._instructions[reviewed.instructions] = (text, [item.number])

    def _lines_by_code(self) -> Iterator[tuple[str, Collection[int]]]:
        equal = [group for group in self._by_digest.values() if len(group) > 1]
        copies = {number for group in equal for number in group}
        yield "duplicate", [number for group in equal for number in group[1:]]
        near = self._near.groups() if self.total <= MOST_COMPARED else []
        yield "near_duplicate", {n for group in near if not copies.issuperset(group) for n in group}
        several = (found for found in self._replies.values() if len(found) > 1)
        yield "contradiction", {n for found in several for lines in found.values() for n in lines}
        yield "overlap", self._overlap([*equal, *near])
        yield "instructions_differ", self._slips()
        longest = length_of_very_long(self._lengths)
        lengths = zip(self._lines, self._lengths, strict=True)
        yield "very_long", [number for number, length in lengths if length > longest]

    def _overlap(self, groups: Sequence[Sequence[int]]) -> set[int]:
        """Return the lines for the test that are like one for training."""
        mixed = (group for group in groups if not self._tests.issuperset(group))
        return {number for group in mixed for number in group if number in self._tests}

    def _slips(self) -> list[int]:
        used = [
            Instructions(key, text, len(lines)) for key, (text, lines) in self._instructions.items()
        ]
        return [number for key in slips(used) for number in self._instructions[key][1]]

    def _shares(self) -> Iterator[SetFinding | None]:
        yield unequal_shares("unequal_tags", self._tags)
        yield unequal_languages(self._languages)
        yield unequal_lengths(self._lengths)
        yield many_refusals(self._refusals, self.total)
        yield from self._groups.findings()
