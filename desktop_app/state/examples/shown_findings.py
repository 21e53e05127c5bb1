"""What is found in the conversation that is shown: at once where that is quick, else after a pause.

Checks run on the window's thread unless the text is long, advice in a worker. What is known of the
whole set (duplicates, contradictions) is read from the project, as the last review stored it.
"""

from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.core.examples.advice.set_finding import CODES_OF_THE_SET
from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding, check_conversation
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.rules import DEFAULT_RULES, Rules
from desktop_app.state.examples.chosen_rules import LengthLimit
from desktop_app.state.examples.cut_off import CUT_OFF, CutOff, may_be_cut_off
from desktop_app.state.open_project import OpenProject

CHECKED_AT_ONCE = 50_000
"""Characters and messages' share of a conversation that is checked at every keystroke: 2 ms."""

MESSAGE_COST = 200
"""A message costs as much to check as this many characters."""

CHECK_AFTER_MS = 250
ADVISE_AFTER_MS = 400
"""Pauses in typing after which more is looked at."""


class RulesSource(Protocol):
    """Whoever knows for which service and method the examples are meant."""

    changed: SignalInstance

    @property
    def rules(self) -> Rules:
        """What is refused there."""

    @property
    def length_limit(self) -> LengthLimit | None:
        """How much of an example the model reads."""


class ShownFindings(QObject):
    """`findings` of the conversation last given to `look_at`; `changed` when they are others."""

    changed = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        rules: RulesSource | None,
        runner: TaskRunner | None,
        counter: TokenCounter | None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._rules = rules
        self._runner = runner
        self._counter = counter
        self._id: int | None = None
        self._conversation = Conversation(messages=())
        self._checked: list[Finding] = []
        self._advised: list[Finding] = []
        self._task: Task | None = None
        self._check_timer = self._timer(CHECK_AFTER_MS, self._check)
        self._advise_timer = self._timer(ADVISE_AFTER_MS, self._advise)
        self.findings: list[Finding] = []
        if rules is not None:
            rules.changed.connect(self.look_again)

    def look_at(self, id: int | None, conversation: Conversation, *, typing: bool) -> None:
        """Find what is wrong with a conversation; `typing` says that it is being written in."""
        if id != self._id:
            self._advised = []
        self._id = id
        self._conversation = conversation
        if typing and cost(conversation) > CHECKED_AT_ONCE:
            self._check_timer.start()
        else:
            self._check()
        self._advise_timer.start(ADVISE_AFTER_MS if typing else 0)

    @Slot()
    def look_again(self) -> None:
        """Look at the same once more: other rules are in force, or other shared instructions."""
        self._check()
        self._advise_timer.start(0)

    @Slot()
    def merge(self) -> None:
        """Take in what is stored of the conversation, as after a review or an acceptance."""
        found = [*self._checked, *self._advised]
        if self._id is not None and self._open_project.is_open:
            project = self._open_project.project
            accepted = project.accepted(self._id)
            stored = {code for code in project.advice(self._id) if code in CODES_OF_THE_SET}
            if any(finding.code == CUT_OFF for finding in found):
                stored.discard("too_long")
            found += [Finding(code, ADVICE) for code in sorted(stored)]
            found = [f for f in found if f.severity == BLOCKS or f.code not in accepted]
        self.findings = sorted(found, key=lambda finding: finding.severity != BLOCKS)
        self.changed.emit()

    @Slot()
    def _check(self) -> None:
        self._check_timer.stop()
        rules = self._rules.rules if self._rules is not None else DEFAULT_RULES
        shown = self._id is not None
        self._checked = check_conversation(self._conversation, rules) if shown else []
        self._advised = [f for f in self._advised if self._still_stands(f)]
        self.merge()

    def _still_stands(self, finding: Finding) -> bool:
        """Whether what was found is still where it was found; the rest is looked for again."""
        index = finding.message_index
        if finding.span is None or index is None:
            return index is None or index < len(self._conversation.all_messages)
        if index >= len(self._conversation.all_messages):
            return False
        start, end = finding.span
        return self._conversation.all_messages[index].text[start:end] == finding.detail

    @Slot()
    def _advise(self) -> None:
        if self._task is not None:
            self._task.succeeded.disconnect(self._take_advice)
            self._task.cancel()
            self._task = None
        if self._runner is not None and self._id is not None:
            self._task = self._runner.run_blocking(_advising(self._conversation, self._cut_off()))
            self._task.succeeded.connect(self._take_advice)

    def _cut_off(self) -> CutOff | None:
        limit = self._rules.length_limit if self._rules is not None else None
        if limit is None or self._counter is None or self._id is None:
            return None
        project = self._open_project.project
        tags = next((row.tags for row in project.rows([self._id], "")), ())
        shared = project.instructions()
        return may_be_cut_off(self._conversation, shared, tags, limit, self._counter)

    @Slot(object)
    def _take_advice(self, result: tuple[Conversation, list[Finding]]) -> None:
        self._task = None
        conversation, findings = result
        if conversation is self._conversation:
            self._advised = findings
            self.merge()

    def _timer(self, pause: int, then: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(pause)
        timer.timeout.connect(then)
        return timer


def cost(conversation: Conversation) -> int:
    """Return how much there is to check, in characters."""
    return sum(len(m.text) + MESSAGE_COST for m in conversation.all_messages)


def _advising(conversation: Conversation, cut_off: CutOff | None) -> BlockingWork:
    def work(_report: Report, _should_stop: object) -> tuple[Conversation, list[Finding]]:
        from desktop_app.core.examples.advice.review import (  # noqa: PLC0415  # loads slowly
            advise,
        )

        found = advise(conversation)
        return conversation, [*found, *cut_off.findings()] if cut_off is not None else found

    return work
