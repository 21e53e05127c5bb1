"""A project and all that finds and marks conversations in it, all real."""

from pathlib import Path
from types import TracebackType
from typing import Self

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.conversation_list import ROW, ConversationList
from desktop_app.state.examples.edited_note import EditedNote
from desktop_app.state.examples.marking import Marking
from desktop_app.state.examples.selection import Selection
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import ConversationRow


def chat(question: str, answer: str = "yes") -> Conversation:
    return Conversation(
        (Message(role="user", content=question), Message(role="assistant", content=answer))
    )


class FindingBench:
    """Leave the `with` block to end everything."""

    def __init__(self, folder: Path) -> None:
        self.runner = TaskRunner()
        self.project = OpenProject()
        self.conversations = ConversationList(self.project, self.runner)
        self.bulk = BulkEdit(self.project, self.runner)
        self.marking = Marking(self.bulk)
        self.selection = Selection(self.project, self.runner)
        self.note = EditedNote(self.project)
        self.project.create(folder / "many.exemplar")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.project.close()
        assert self.runner.shut_down()

    def add(self, *questions: str) -> list[int]:
        return self.project.add([chat(question) for question in questions])

    def row(self, id: int) -> ConversationRow:
        [found] = self.project.project.rows([id], "")
        return found

    def titles(self) -> list[str]:
        """What the list shows."""
        model = self.conversations
        rows = [model.data(model.index(row, 0), ROW) for row in range(model.rowCount())]
        return [row.title for row in rows if isinstance(row, ConversationRow)]
