"""The work of finding what only the whole set shows, done by a worker."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.helper_process import (
    HelperGoneError,
    HelperProcesses,
    helpers_worth_starting,
)
from desktop_app.core.examples.advice.balance import (
    length_of_very_long,
    many_refusals,
    unequal_languages,
    unequal_lengths,
    unequal_shares,
)
from desktop_app.core.examples.advice.groups import GroupCounts
from desktop_app.core.examples.advice.instructions import slips
from desktop_app.core.examples.advice.near_duplicates import MOST_COMPARED, compared_text
from desktop_app.core.examples.advice.review_lines import Seen, Stored, look_at_lines
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE
from desktop_app.state.examples.chosen_rules import LengthLimit
from desktop_app.state.examples.texts_seen import TextsSeen, in_batches
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.set_facts import SetFacts

CHUNK = 500
MANY = 4000
"""So many texts are worth the half second that a helper needs to start."""

OF_NEAR_ONES = frozenset(("near_duplicate", "overlap"))
_Lines = Sequence[tuple[Stored, str]]
"""Lines, each with its language."""


@dataclass(frozen=True)
class TextFacts:
    """What reading all texts showed, and the fingerprint of the texts that were read."""

    fingerprint: tuple[int, ...]
    near_groups: tuple[tuple[int, ...], ...] = ()
    findings: tuple[SetFinding, ...] = ()


@dataclass(frozen=True)
class SetAdvice:
    """`findings` are of the whole set; `stored`: conversations have other advice than before.

    `file_sizes` are the bytes of the training and the test file. `texts` is None while they are
    still read: then nothing is said of near duplicates.
    """

    findings: tuple[SetFinding, ...]
    file_sizes: tuple[int, int]
    texts: TextFacts | None
    stored: bool


def advising_on_the_set(
    path: Path,
    limit: LengthLimit | None,
    known: TextFacts | None,
    seen: TextsSeen | None = None,
) -> BlockingWork:
    """Make the work; it reports a SetAdvice without near duplicates first.

    Texts are read only if they are not those of `known`, and then those that are not `seen`.
    """
    remembered = seen or TextsSeen()

    def work(report: Report, should_stop: ShouldStop) -> SetAdvice | None:
        with closing(SetFacts.open(path)) as facts, closing(Project.open(path, shared=True)) as own:
            texts = known
            if texts is None or texts.fingerprint != facts.fingerprint():
                report(_advice(own, facts, None, limit, _named(facts, remembered)))
                texts = read_texts(own, facts, remembered, should_stop)
            if texts is None or should_stop():
                return None
            return _advice(own, facts, texts, limit, texts.findings)

    return work


def _advice(
    project: Project,
    facts: SetFacts,
    texts: TextFacts | None,
    limit: LengthLimit | None,
    named: Sequence[SetFinding],
) -> SetAdvice:
    by_code = _ids_by_code(facts, texts, limit)
    stored = [code for code, ids in by_code.items() if _store(project, facts, code, ids)]
    findings = (*_of_ids(by_code, limit), *_shares(facts), *named)
    return SetAdvice(findings, facts.file_sizes(), texts, bool(stored))


def read_texts(
    project: Project, facts: SetFacts, seen: TextsSeen, should_stop: ShouldStop
) -> TextFacts | None:
    """Find near duplicates and count the groups that are named; None if it was stopped."""
    fingerprint = facts.fingerprint()
    if fingerprint[0] > MOST_COMPARED:
        return _read_only(project, facts, fingerprint, should_stop)
    with seen.lock:
        revisions = facts.revisions()
        seen.forget_all_but(revisions)
        for batch, found in _looked_at(facts, seen.unsigned(revisions), should_stop):
            seen.take([stored for stored, _ in batch], found)
        groups = seen.near.groups(should_stop)
        counts = seen.group_counts(revisions)
    if should_stop():
        return None
    findings = counts.findings() if counts else []
    return TextFacts(fingerprint, tuple(map(tuple, groups)), tuple(findings))


def _looked_at(
    facts: SetFacts, ids: Sequence[int], should_stop: ShouldStop
) -> Iterator[tuple[_Lines, list[Seen]]]:
    """Yield the lines with what is seen in them; by helpers where they are many."""
    languages = facts.language_of_each() if ids else {}

    def lines(start: int = 0) -> Iterator[_Lines]:
        for some in islice(in_batches(ids, CHUNK), start, None):
            yield [(stored, languages.get(stored[0], "")) for stored in facts.lines(some)]

    done = 0
    if len(ids) >= MANY:
        with (
            suppress(HelperGoneError),
            HelperProcesses(look_at_lines, helpers_worth_starting()) as helpers,
        ):
            for batch, found in helpers.answers(lines(), should_stop):
                yield batch, found
                done += 1
    for batch in lines(done):
        if should_stop():
            return
        yield batch, look_at_lines(batch)


def _read_only(
    project: Project, facts: SetFacts, fingerprint: tuple[int, ...], should_stop: ShouldStop
) -> TextFacts | None:
    """Count named groups in a set that is too large to remember."""
    groups = GroupCounts()
    languages = facts.language_of_each()
    for id_, conversation in project.conversations():
        if should_stop():
            return None
        groups.add(compared_text(conversation), languages.get(id_, ""))
    too_many = SetFinding("near_duplicates_not_looked_for", ADVICE, fingerprint[0])
    return TextFacts(fingerprint, (), (*groups.findings(), too_many))


def _named(facts: SetFacts, seen: TextsSeen) -> list[SetFinding]:
    """Return what is known of named groups before the texts are read."""
    with seen.lock:
        counts = seen.group_counts(facts.revisions())
    return counts.findings() if counts else []


def _ids_by_code(
    facts: SetFacts, texts: TextFacts | None, limit: LengthLimit | None
) -> dict[str, set[int]]:
    slipped = list(slips(facts.instructions()))
    by_code = {
        "duplicate": set(facts.duplicates()),
        "contradiction": set(facts.contradictions()),
        "instructions_differ": set(facts.with_instructions(slipped)) if slipped else set(),
        "very_long": set(facts.longer_than(length_of_very_long(facts.lengths()))),
        "too_long": set(facts.with_more_tokens(limit.encoding, limit.tokens)) if limit else set(),
    }
    if texts is not None:
        by_code |= _of_near_ones(facts, texts.near_groups)
    return by_code


def _of_near_ones(facts: SetFacts, groups: Sequence[Sequence[int]]) -> dict[str, set[int]]:
    grouped = [id_ for group in groups for id_ in group]
    digests, in_test = facts.digests(grouped), facts.in_test(grouped)
    near: set[int] = set()
    overlap = set(facts.overlap())
    for group in groups:
        # All of them equal: those are duplicates, and no near ones.
        if len({digests.get(id_) for id_ in group}) > 1:
            near.update(group)
        # Some of them in training: those that are for the test are trained on.
        if not in_test.issuperset(group):
            overlap.update(in_test.intersection(group))
    return {"near_duplicate": near, "overlap": overlap}


def _store(project: Project, facts: SetFacts, code: str, ids: set[int]) -> bool:
    if facts.set_advice(code) == ids:
        return False
    project.store_set_advice(code, sorted(ids))
    return True


def _of_ids(by_code: dict[str, set[int]], limit: LengthLimit | None) -> Iterable[SetFinding]:
    for code, ids in by_code.items():
        if ids:
            detail = f"{limit.tokens:,}" if limit and code == "too_long" else ""
            yield SetFinding(code, ADVICE, len(ids), detail, filter_code=code)


def _shares(facts: SetFacts) -> Iterable[SetFinding]:
    lengths = facts.lengths()
    found = (
        unequal_shares("unequal_tags", facts.tags()),
        unequal_languages(facts.languages()),
        unequal_lengths(lengths),
        many_refusals(facts.with_advice("refusal"), len(lengths)),
    )
    return [finding for finding in found if finding is not None]
