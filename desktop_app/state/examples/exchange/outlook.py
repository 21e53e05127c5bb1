"""What training files would hold, and what a service would say to them, before they are written."""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.rules import Rules
from desktop_app.state.examples.exchange.exporting import Passing, refusals, trained
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


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


def looking_ahead(project_path: Path, rules: Rules) -> BlockingWork:
    """Return the work that reads everything and returns an Outlook; it reports ImportProgress."""

    def work(report: Report, should_stop: ShouldStop) -> Outlook:
        with closing(Project.open(project_path, shared=True)) as project:
            passing = Passing(project.counts().conversations, report, should_stop)
            seen = _Seen(rules)
            training, test = (
                seen.file(passing.on(trained(project, split)))
                for split in (Split.TRAINING, Split.TEST)
            )
        return Outlook(rules, training, test, tuple(seen.reasons.most_common()))

    return work


class _Seen:
    def __init__(self, rules: Rules) -> None:
        self.reasons: Counter[str] = Counter()
        self._rules = rules

    def file(self, conversations: Iterator[Conversation]) -> FileOutlook:
        """Look through one file's conversations."""
        found = FileOutlook()
        for conversation in conversations:
            found = self._add(found, conversation)
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
