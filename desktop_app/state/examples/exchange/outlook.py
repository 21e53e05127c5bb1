"""What training files would hold, and what a service would say to them, before they are written."""

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.checks import BLOCKS, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.rules import Rules
from desktop_app.state.examples.exchange.importing import progress
from desktop_app.state.examples.exchange.reading import ShouldStop
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

TOLD_EVERY = 1000


@dataclass(frozen=True)
class FileOutlook:
    """One file: conversations that fit the rules and their bytes, those refused and theirs."""

    fitting: int = 0
    fitting_bytes: int = 0
    refused: int = 0
    refused_bytes: int = 0

    def bytes(self, *, leave_out: bool) -> int:
        """Return how large the file is, with or without what is refused."""
        return self.fitting_bytes + (0 if leave_out else self.refused_bytes)

    def count(self, *, leave_out: bool) -> int:
        """Return how many conversations it holds, with or without what is refused."""
        return self.fitting + (0 if leave_out else self.refused)


@dataclass(frozen=True)
class Outlook:
    """Both files under some rules, and how many conversations are refused for what, most first."""

    rules: Rules
    training: FileOutlook
    test: FileOutlook
    reasons: tuple[tuple[str, int], ...]

    @property
    def refused(self) -> int:
        return self.training.refused + self.test.refused


def refusals(conversation: Conversation, rules: Rules) -> frozenset[str]:
    """Return the codes of what would make a service refuse the file because of this example."""
    findings = check_conversation(conversation, rules)
    return frozenset(finding.code for finding in findings if finding.severity == BLOCKS)


def looking_ahead(project_path: Path, rules: Rules) -> BlockingWork:
    """Return the work that reads everything and returns an Outlook; it reports ImportProgress."""

    def work(report: Report, should_stop: ShouldStop) -> Outlook:
        with closing(Project.open(project_path, shared=True)) as project:
            counts = project.counts()
            seen = _Seen(rules, max(1, counts.conversations), report)
            training = seen.file(_of(project, Split.TRAINING), should_stop)
            test = seen.file(_of(project, Split.TEST), should_stop)
        return Outlook(rules, training, test, tuple(seen.reasons.most_common()))

    return work


def _of(project: Project, split: Split) -> Iterator[Conversation]:
    return (conversation for _, conversation in project.as_trained(split))


class _Seen:
    def __init__(self, rules: Rules, total: int, report: Report) -> None:
        self.reasons: Counter[str] = Counter()
        self._rules = rules
        self._total = total
        self._report = report
        self._n = 0
        self._began = time.monotonic()

    def file(self, conversations: Iterator[Conversation], should_stop: ShouldStop) -> FileOutlook:
        """Look through one file's conversations, until told to stop."""
        found = FileOutlook()
        for conversation in conversations:
            if should_stop():
                break
            found = self._add(found, conversation)
            self._n += 1
            if self._n % TOLD_EVERY == 0:
                spent = time.monotonic() - self._began
                self._report(progress(self._n, min(1.0, self._n / self._total), spent))
        return found

    def _add(self, found: FileOutlook, conversation: Conversation) -> FileOutlook:
        n_bytes = len(line(conversation).encode()) + 1
        codes = refusals(conversation, self._rules)
        if not codes:
            return dataclasses.replace(
                found, fitting=found.fitting + 1, fitting_bytes=found.fitting_bytes + n_bytes
            )
        self.reasons.update(codes)
        return dataclasses.replace(
            found, refused=found.refused + 1, refused_bytes=found.refused_bytes + n_bytes
        )
