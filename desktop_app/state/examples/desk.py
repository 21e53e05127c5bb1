"""All that the Examples tab stands on, made and joined."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import ModelPrice
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.state.connections.connections import Connections
from desktop_app.state.examples.bulk_edit import BulkEdit, StepControl
from desktop_app.state.examples.chosen_rules import ChosenRules
from desktop_app.state.examples.conversation_list import ConversationList
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.edited_note import EditedNote
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.examples.find_replace import FindReplace
from desktop_app.state.examples.marking import Marking
from desktop_app.state.examples.message_tokens import MessageTokens
from desktop_app.state.examples.next_problem import NextProblem
from desktop_app.state.examples.problem_kinds import ProblemKinds
from desktop_app.state.examples.selection import Selection
from desktop_app.state.examples.set_advice import TextFacts
from desktop_app.state.examples.set_checks import SetChecks
from desktop_app.state.examples.test_set import TestSet
from desktop_app.state.examples.versions import Versions
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project

LARGE_STEP = 2000
"""Conversations in a step of undo that is taken back on a worker."""


class ExamplesDesk(QObject):
    """Holds the parts; what one has to tell another is connected here."""

    def __init__(
        self,
        open_project: OpenProject,
        connections: Connections,
        counter: TokenCounter,
        prices: Sequence[ModelPrice],
        runner: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.open_project = open_project
        self.runner = runner
        self.rules = ChosenRules(connections, open_project, prices, self)
        self.bulk = BulkEdit(open_project, runner, self)
        self.conversations = ConversationList(open_project, runner, self)
        self.note = EditedNote(open_project, self)
        self.edited = EditedConversation(
            open_project,
            self,
            rules=self.rules,
            runner=runner,
            counter=counter,
            write_beside=self.note.write,
        )
        self.tokens = MessageTokens(counter, runner, self)
        self.selection = Selection(open_project, runner, self)
        self.marking = Marking(self.bulk, self)
        self.checks = SetChecks(open_project, self.rules, self.bulk, runner, self)
        self.test_set = TestSet(self.bulk, self._texts, self)
        self.problems = ProblemKinds(open_project, self.rules, runner, self)
        self.next_problem = NextProblem(open_project, self.rules, runner, self)
        self.finder = FindReplace(open_project, runner, self)
        self.versions = Versions(open_project, runner, self)
        self.exchange = FileExchange(open_project, runner, self)
        self._join()

    def _join(self) -> None:
        self.bulk.busy_changed.connect(self.open_project.set_busy)
        self.rules.changed.connect(self._take_rules)
        self.checks.advice_stored.connect(self._take_advice)
        self._take_rules()

    def _texts(self) -> TextFacts | None:
        return self.checks.texts

    def write(self) -> bool:
        """Put on disk what was typed; returns whether all of it is there."""
        is_note_written = self.note.write()
        return self.edited.write() and is_note_written

    def undo(self) -> None:
        """Take the last step back; a large one on a worker, while edits wait."""
        entry = self.open_project.undo_entry
        if entry is not None and entry.count > LARGE_STEP:
            self.bulk.run(self.tr("Undoing"), _undo)
        else:
            self.open_project.undo()

    def redo(self) -> None:
        """Make the step again that was undone last."""
        entry = self.open_project.redo_entry
        if entry is not None and entry.count > LARGE_STEP:
            self.bulk.run(self.tr("Redoing"), _redo)
        else:
            self.open_project.redo()

    @Slot(str)
    def take_counts(self, encoding: str) -> None:
        """Tokens were counted."""
        self.conversations.take_counts(encoding)
        self.selection.refresh()
        self.checks.look_again()

    @Slot()
    def _take_rules(self) -> None:
        refused = int(self.rules.rules.refused)
        self.open_project.set_refused_traits(refused)
        self.conversations.set_refused_traits(refused)

    @Slot()
    def _take_advice(self) -> None:
        """What is kept of conversations beside their words has changed, and is no edit."""
        self.open_project.recount()
        self.conversations.read_rows_again()
        self.edited.look_again()
        self.selection.refresh()
        if self.checks.progress is None:
            self.conversations.facets.read_again()


def _undo(project: Project, _control: StepControl) -> None:
    project.undo()


def _redo(project: Project, _control: StepControl) -> None:
    project.redo()
