"""The work of looking conversations through, done by a worker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report
from desktop_app.core.examples.advice.review import review
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Review, Uncounted
from desktop_app.storage.project.set_facts import SetFacts, SetNumbers

CHUNK = 200
"""Conversations between two writes: each of them holds up others by a few milliseconds."""

ShouldStop = Callable[[], bool]


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


def reviewing(path: Path, ids: Sequence[int] | None) -> BlockingWork:
    """Make the work that looks through what nobody has yet; of `ids`, if they are given."""

    def work(report: Report, should_stop: ShouldStop) -> ReviewsDone | None:
        with closing(SetFacts.open(path)) as facts, closing(Project.open(path, shared=True)) as own:
            batches = _batches(own) if ids is None else iter([facts.unreviewed(ids)])
            reviewed = 0
            total = own.counts().conversations if ids is None else 0
            for batch in batches:
                found = list(_reviews(batch, should_stop))
                if found:
                    own.store_reviews(found)
                if should_stop():
                    return None
                reviewed += len(found)
                if total:
                    report(Progress(min(reviewed, total), total))
            return ReviewsDone(reviewed, facts.numbers())

    return work


def _batches(project: Project) -> Iterator[list[Uncounted]]:
    while batch := project.unreviewed(CHUNK):
        yield batch


def _reviews(batch: Sequence[Uncounted], should_stop: ShouldStop) -> Iterator[Review]:
    for each in batch:
        if should_stop():
            return
        found = review(each.conversation)
        yield Review(
            id=each.id,
            revision=each.revision,
            codes=found.codes,
            language=found.language,
            question=found.question,
            reply=found.reply,
            instructions=found.instructions,
        )
