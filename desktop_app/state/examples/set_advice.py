"""The work of finding what only the whole set shows, done by a worker."""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report
from desktop_app.core.examples.advice.balance import (
    LEAST_EXAMPLES,
    length_of_very_long,
    percent,
    unequal_lengths,
    unequal_shares,
)
from desktop_app.core.examples.advice.groups import GroupCounts
from desktop_app.core.examples.advice.instructions import slips
from desktop_app.core.examples.advice.near_duplicates import NearDuplicates, compared_text
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.checks import ADVICE
from desktop_app.state.examples.chosen_rules import LengthLimit
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.set_facts import SetFacts

MOST_COMPARED = 300_000
"""Conversations among which near duplicates are looked for: 100 MB of memory."""

MANY_REFUSALS = 0.1
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class TextFacts:
    """What reading all texts showed, and the fingerprint of the texts that were read."""

    fingerprint: tuple[int, ...]
    near_groups: tuple[tuple[int, ...], ...] = ()
    findings: tuple[SetFinding, ...] = ()


@dataclass(frozen=True)
class SetAdvice:
    """`findings` are of the whole set; `stored`: conversations have other advice than before.

    `file_sizes` are the bytes of the training and the test file.
    """

    findings: tuple[SetFinding, ...]
    file_sizes: tuple[int, int]
    texts: TextFacts
    stored: bool


def advising_on_the_set(
    path: Path, limit: LengthLimit | None, known: TextFacts | None
) -> BlockingWork:
    """Make the work; texts are read again only if they are not those of `known`."""

    def work(_report: Report, should_stop: ShouldStop) -> SetAdvice | None:
        with closing(SetFacts.open(path)) as facts, closing(Project.open(path, shared=True)) as own:
            texts = known
            if texts is None or texts.fingerprint != facts.fingerprint():
                texts = _read_texts(own, facts, should_stop)
            if should_stop():
                return None
            by_code = _ids_by_code(facts, texts, limit)
            stored = [code for code, ids in by_code.items() if _store(own, facts, code, ids)]
            findings = (*_of_ids(by_code, limit), *_shares(facts), *texts.findings)
            return SetAdvice(findings, facts.file_sizes(), texts, bool(stored))

    return work


def _read_texts(project: Project, facts: SetFacts, should_stop: ShouldStop) -> TextFacts:
    fingerprint = facts.fingerprint()
    total = fingerprint[0]
    near = NearDuplicates() if total <= MOST_COMPARED else None
    groups = GroupCounts()
    languages = facts.language_of_each()
    for id_, conversation in project.conversations():
        if should_stop():
            return TextFacts(())
        if near is not None:
            near.add(id_, conversation)
        groups.add(compared_text(conversation), languages.get(id_, ""))
    findings = groups.findings()
    if near is None:
        findings.append(SetFinding("near_duplicates_not_looked_for", ADVICE, total))
        return TextFacts(fingerprint, (), tuple(findings))
    return TextFacts(fingerprint, tuple(map(tuple, near.groups(should_stop))), tuple(findings))


def _ids_by_code(
    facts: SetFacts, texts: TextFacts, limit: LengthLimit | None
) -> dict[str, set[int]]:
    grouped = [id_ for group in texts.near_groups for id_ in group]
    digests, in_test = facts.digests(grouped), facts.in_test(grouped)
    near: set[int] = set()
    overlap = set(facts.overlap())
    for group in texts.near_groups:
        # All of them equal: those are duplicates, and no near ones.
        if len({digests.get(id_) for id_ in group}) > 1:
            near.update(group)
        # Some of them in training: those that are for the test are trained on.
        if not in_test.issuperset(group):
            overlap.update(in_test.intersection(group))
    slipped = list(slips(facts.instructions()))
    return {
        "duplicate": set(facts.duplicates()),
        "near_duplicate": near,
        "contradiction": set(facts.contradictions()),
        "overlap": overlap,
        "instructions_differ": set(facts.with_instructions(slipped)) if slipped else set(),
        "very_long": set(facts.longer_than(length_of_very_long(facts.lengths()))),
        "too_long": set(facts.with_more_tokens(limit.encoding, limit.tokens)) if limit else set(),
    }


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
        unequal_shares("unequal_languages", facts.languages()),
        unequal_lengths(lengths),
        _refusals(facts.with_advice("refusal"), len(lengths)),
    )
    return [finding for finding in found if finding is not None]


def _refusals(refusals: int, total: int) -> SetFinding | None:
    if total < LEAST_EXAMPLES or refusals < MANY_REFUSALS * total:
        return None
    return SetFinding("many_refusals", ADVICE, refusals, percent(refusals, total), "refusal")
