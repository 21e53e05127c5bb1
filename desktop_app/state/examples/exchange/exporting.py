"""The work of an export: each writes whole files, reports progress and can be stopped."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.checks import BLOCKS, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.rules import Rules
from desktop_app.state.examples.exchange.importing import progress
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from desktop_app.storage.training_files import write_both_files, write_training_file

TOLD_EVERY = 500

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingExport:
    """How training files are to be written. `rules` None writes everything, whoever refuses it."""

    rules: Rules | None = None
    byte_order_mark: bool = False


@dataclass(frozen=True)
class ExportReport:
    """The file that was written, and the test file beside it; how many conversations are in each.

    `left_out` counts those that the service would have refused, or that a document has no room for.
    """

    path: Path
    written: int
    test: Path | None = None
    n_test: int = 0
    left_out: int = 0


def training_exporter(project_path: Path, training: Path, wanted: TrainingExport) -> BlockingWork:
    """Return the work that writes the training file, and the test file if any are held out.

    Shared instructions are applied. It returns an ExportReport and raises ProjectError and OSError;
    then both files are as they were.
    """

    def work(report: Report, should_stop: ShouldStop) -> ExportReport:
        with closing(Project.open(project_path, shared=True)) as project:
            counts = project.counts()
            passing = Passing(counts.conversations, report, should_stop)
            fitting = _Fitting(wanted.rules)
            first, held_out = (
                fitting.only(passing.on(trained(project, split)))
                for split in (Split.TRAINING, Split.TEST)
            )
            mark = wanted.byte_order_mark
            if counts.test == 0:
                n = write_training_file(training, first, byte_order_mark=mark)
                return ExportReport(training, n, left_out=fitting.left_out)
            test = test_path(training)
            n, n_test = write_both_files(training, first, test, held_out, byte_order_mark=mark)
            return ExportReport(training, n, test, n_test, fitting.left_out)

    return work


def test_path(training: Path) -> Path:
    """Where the conversations that are held out are written."""
    return training.with_name(f"{training.stem}-test{training.suffix}")


def trained(project: Project, split: Split) -> Iterator[Conversation]:
    """Yield the conversations of one file, as they are trained on."""
    return (conversation for _, conversation in project.as_trained(split))


def refusals(conversation: Conversation, rules: Rules) -> frozenset[str]:
    """Return the codes of what would make a service refuse the file because of this example."""
    findings = check_conversation(conversation, rules)
    return frozenset(finding.code for finding in findings if finding.severity == BLOCKS)


class _Fitting:
    """Leaves out what a service would refuse, and counts it."""

    def __init__(self, rules: Rules | None) -> None:
        self.left_out = 0
        self._rules = rules

    def only(self, conversations: Iterator[Conversation]) -> Iterator[Conversation]:
        for conversation in conversations:
            if self._rules is not None and refusals(conversation, self._rules):
                self.left_out += 1
            else:
                yield conversation


class Passing:
    """Passes items on, telling how far they are; raises InterruptedError when told to stop."""

    def __init__(self, total: int, report: Report, should_stop: ShouldStop) -> None:
        self.n = 0
        self._total = max(1, total)
        self._report = report
        self._should_stop = should_stop
        self._began = time.monotonic()

    def on(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if self._should_stop():
                raise InterruptedError
            self.n += 1
            if self.n % TOLD_EVERY == 0:
                share = min(1.0, self.n / self._total)
                self._report(progress(self.n, share, time.monotonic() - self._began))
            yield item
