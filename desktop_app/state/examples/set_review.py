"""The work of looking conversations through, done by a worker, and where many wait by helpers."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.helper_process import (
    HelperGoneError,
    HelperProcesses,
    helpers_worth_starting,
)
from desktop_app.core.examples.advice.review import Reviewed, review
from desktop_app.core.examples.advice.review_lines import Stored, review_lines
from desktop_app.state.examples.texts_seen import TextsSeen
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Review, Uncounted
from desktop_app.storage.project.set_facts import SetFacts, SetNumbers

CHUNK = 200
"""Conversations between two writes: each of them holds up others by a few milliseconds."""

MANY = 4000
"""So many are worth the half second that a helper needs to start."""

Found = tuple[int, int, Reviewed]
"""Id, revision, and what was found in that text."""


@dataclass(frozen=True)
class Progress:
    """So many of all conversations have been looked through."""

    done: int
    total: int


@dataclass(frozen=True)
class ReviewsDone:
    """How many were looked through now, and how large the set is."""

    reviewed: int
    numbers: SetNumbers


def reviewing(path: Path, ids: Sequence[int] | None, seen: TextsSeen | None = None) -> BlockingWork:
    """Make the work that looks through what nobody has yet; of `ids`, if they are given."""

    def work(report: Report, should_stop: ShouldStop) -> ReviewsDone | None:
        with (
            closing(SetFacts.open(path)) as facts,
            closing(Project.open(path, shared=True)) as own,
            closing(_all_found(facts, own, ids, should_stop)) as batches,
        ):
            total = own.counts().conversations if ids is None else 0
            reviewed = 0
            for batch in batches:
                _keep(own, batch)
                if seen is not None:
                    with seen.lock:
                        for id_, revision, found in batch:
                            seen.take_names(id_, revision, found.names)
                reviewed += len(batch)
                if total:
                    report(Progress(min(reviewed, total), total))
            return None if should_stop() else ReviewsDone(reviewed, facts.numbers())

    return work


def _all_found(
    facts: SetFacts, project: Project, ids: Sequence[int] | None, should_stop: ShouldStop
) -> Generator[list[Found]]:
    if ids is None and facts.n_unreviewed() >= MANY:
        # What no helper can do is done below: more slowly, and no worse.
        with (
            suppress(HelperGoneError),
            HelperProcesses(review_lines, helpers_worth_starting()) as helpers,
        ):
            for stored, found in helpers.answers(_unreviewed_lines(facts), should_stop):
                yield [
                    (id_, revision, each)
                    for (id_, revision, _), each in zip(stored, found, strict=True)
                ]
    for batch in _unreviewed(project) if ids is None else iter([facts.unreviewed(ids)]):
        found_here: list[Found] = []
        for waiting in batch:
            if should_stop():
                break
            found_here.append((waiting.id, waiting.revision, review(waiting.conversation)))
        yield found_here
        if should_stop():
            return


def _unreviewed(project: Project) -> Iterator[list[Uncounted]]:
    while batch := project.unreviewed(CHUNK):
        yield batch


def _unreviewed_lines(facts: SetFacts) -> Iterator[list[Stored]]:
    last = 0
    while batch := facts.unreviewed_lines(last, CHUNK):
        last = batch[-1][0]
        yield batch


def _keep(project: Project, batch: Sequence[Found]) -> None:
    reviews = [
        Review(
            id=id_,
            revision=revision,
            codes=found.codes,
            language=found.language,
            question=found.question,
            reply=found.reply,
            instructions=found.instructions,
        )
        for id_, revision, found in batch
    ]
    if reviews:
        project.store_reviews(reviews)
