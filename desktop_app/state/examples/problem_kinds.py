"""What kinds of problems the conversations have, and mending all that are evident at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.checks import BLOCKS, Finding, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.fixes import fix, fix_all
from desktop_app.core.examples.rules import Rules
from desktop_app.state.examples.bulk_edit import Step, StepControl
from desktop_app.state.examples.chosen_rules import ChosenRules
from desktop_app.state.open_project import OpenProject
from desktop_app.state.project_reading import ProjectReading
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

MOST_LOOKED_AT = 20_000
"""Conversations with problems that are looked at for their kinds."""


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem: an example of it for its words, and in how many conversations.

    `mendable` of them have one evident mend.
    """

    finding: Finding
    conversations: int
    mendable: int


class ProblemKinds(ProjectReading):
    """`kinds`, those of most conversations first; read when `refresh` is called."""

    changed = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        rules: ChosenRules,
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        self.kinds: tuple[ProblemKind, ...] = ()
        self._rules = rules
        super().__init__(open_project, runner, parent)
        rules.changed.connect(self._mark_stale)

    def work(self, path: Path) -> BlockingWork:
        """Look at the conversations that the chosen service would refuse."""
        return _looking(path, self._rules.rules)

    def keep(self, result: object) -> None:
        self.kinds = result if isinstance(result, tuple) else ()
        self.changed.emit()


def problem_filter(rules: Rules) -> Filter:
    """Return what shows the conversations that a service would refuse."""
    return Filter(problems_only=True, refused_traits=int(rules.refused))


def mending_all(rules: Rules) -> Step:
    """Make the step that mends every problem with an evident mend; returns in how many."""

    def step(project: Project, control: StepControl) -> int:
        changes: list[tuple[int, Conversation]] = []
        ids = project.ids(problem_filter(rules))
        for done, id_ in enumerate(ids):
            if control():
                return 0
            before = project.conversation(id_)
            after = mended(before, rules)
            if after != before:
                changes.append((id_, after))
            control.tell(done + 1, len(ids))
        if changes:
            project.replace_many(changes, label="fix")
        return len(changes)

    return step


def mended(conversation: Conversation, rules: Rules) -> Conversation:
    """Return a conversation without the problems that have one evident mend."""
    now = conversation
    for code in _codes(now, rules):
        now = fix_all(now, code, rules) or now
    return now


def _codes(conversation: Conversation, rules: Rules) -> Sequence[str]:
    found = (f.code for f in check_conversation(conversation, rules) if f.severity == BLOCKS)
    return list(dict.fromkeys(found))


def _looking(path: Path, rules: Rules) -> BlockingWork:
    def look(_report: Report, should_stop: Callable[[], bool]) -> tuple[ProblemKind, ...]:
        found, mendable = Counter[str](), Counter[str]()
        examples: dict[str, Finding] = {}
        with closing(Project.open(path, shared=True)) as project:
            for id_ in project.ids(problem_filter(rules))[:MOST_LOOKED_AT]:
                if should_stop():
                    break
                conversation = project.conversation(id_)
                for finding in _one_of_each(conversation, rules):
                    examples.setdefault(finding.code, finding)
                    found[finding.code] += 1
                    mendable[finding.code] += fix(conversation, finding) is not None
        return tuple(
            ProblemKind(examples[code], n, mendable[code]) for code, n in found.most_common()
        )

    return look


def _one_of_each(conversation: Conversation, rules: Rules) -> list[Finding]:
    """Return a finding of each blocking code, one with a mend if there is one."""
    kept: dict[str, Finding] = {}
    for finding in check_conversation(conversation, rules):
        if finding.severity != BLOCKS:
            continue
        held = kept.get(finding.code)
        if held is None or fix(conversation, held) is None:
            kept[finding.code] = finding
    return list(kept.values())
