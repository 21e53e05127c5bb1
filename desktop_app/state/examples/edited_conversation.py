"""The conversation in the editor: what may be done to it, and when it is on disk."""

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.core.examples.checks import Finding, check_conversation
from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.fixes import fix
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import ConversationRow, Split, Touched

WRITE_AFTER_MS = 400
"""A pause in typing after which the text is written: every edit is on disk within a second."""

replace = msgspec.structs.replace


class EditedConversation(QObject):
    """At most one conversation. Text is written after a short pause, all else at once.

    `reshaped`: another conversation, or other messages than before. `text_changed`: only words.
    """

    reshaped = Signal()
    text_changed = Signal(int)
    findings_changed = Signal()
    saved_changed = Signal(bool)

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._unwritten_message: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_AFTER_MS)
        self._timer.timeout.connect(self.write)
        self.id: int | None = None
        self.conversation = Conversation(messages=())
        self.findings: list[Finding] = []
        open_project.changed.connect(self._follow)
        open_project.closing.connect(self.write)
        open_project.closed.connect(self._forget)

    @property
    def is_written(self) -> bool:
        return self._unwritten_message is None

    def row(self, encoding: str) -> ConversationRow | None:
        """What the project keeps beside the words, tokens in the given encoding."""
        if self.id is None:
            return None
        rows = self._open_project.project.rows([self.id], encoding)
        return rows[0] if rows else None

    def show(self, id: int | None) -> None:
        """Take up another conversation, or none; what was typed is written first."""
        if id == self.id:
            return
        self.write()
        self.id = id
        self._take(self._read())

    # Words

    def set_text(self, index: int, text: str) -> None:
        """Take what was typed into a message."""
        if self.conversation.messages[index].content == text:
            return
        if self._unwritten_message not in (None, index):
            self.write()
        self.conversation = self._with(index, content=text)
        self._unwritten_message = index
        self._timer.start()
        self.saved_changed.emit(False)
        self.text_changed.emit(index)
        self._check()

    @Slot()
    def write(self) -> None:
        """Put on disk what was typed."""
        self._timer.stop()
        if self._unwritten_message is None or self.id is None:
            return
        index, self._unwritten_message = self._unwritten_message, None
        self._open_project.replace(self.id, self.conversation, merge_key=f"text:{self.id}:{index}")
        self.saved_changed.emit(True)

    # Messages

    def set_role(self, index: int, role: str) -> None:
        """Give a message to another speaker; only an assistant's message has a weight."""
        weight = self.conversation.messages[index].weight if role == ASSISTANT else None
        self._put(self._with(index, role=role, weight=weight))

    def set_learned(self, index: int, learned: bool) -> None:
        """Learn from this reply, or only show it as context (`weight` 0)."""
        self._put(self._with(index, weight=None if learned else 0))

    def add_message(self, role: str | None = None, index: int | None = None) -> int:
        """Insert an empty message, at the end by default; return where it stands."""
        messages = list(self.conversation.messages)
        place = len(messages) if index is None else index
        if role is None:
            before = messages[place - 1].role if place else ""
            role = ASSISTANT if before == USER else USER
        messages.insert(place, Message(role=role, content=""))
        self._put(replace(self.conversation, messages=tuple(messages)))
        return place

    def delete_message(self, index: int) -> None:
        messages = list(self.conversation.messages)
        del messages[index]
        self._put(replace(self.conversation, messages=tuple(messages)))

    def move_message(self, index: int, to: int) -> None:
        """Move a message so that it stands at `to`."""
        messages = list(self.conversation.messages)
        if not 0 <= to < len(messages):
            return
        messages.insert(to, messages.pop(index))
        self._put(replace(self.conversation, messages=tuple(messages)))

    def apply_fix(self, finding: Finding) -> None:
        """Mend what a finding names, where a mend is evident."""
        mended = fix(self.conversation, finding)
        if mended is not None:
            self._put(mended, label="fix")

    def set_split(self, split: Split) -> None:
        if self.id is not None:
            self._open_project.set_split([self.id], split)

    # Within

    def _with(self, index: int, **changes: object) -> Conversation:
        messages = list(self.conversation.messages)
        messages[index] = replace(messages[index], **changes)
        return replace(self.conversation, messages=tuple(messages))

    def _put(self, conversation: Conversation, label: str = "edit") -> None:
        self.write()
        if self.id is not None and conversation != self.conversation:
            self._take(conversation)
            self._open_project.replace(self.id, conversation, label=label)

    def _read(self) -> Conversation:
        if self.id is None:
            return Conversation(messages=())
        return self._open_project.project.conversation(self.id)

    def _take(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.reshaped.emit()
        self._check()

    def _check(self) -> None:
        self.findings = check_conversation(self.conversation) if self.id is not None else []
        self.findings_changed.emit()

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        """Show what undo, redo or a bulk edit made of the conversation."""
        if self.id is None or not self.is_written:
            return
        if touched.ids and self.id not in touched.ids:
            return
        if not self._open_project.project.is_live(self.id):
            self.id = None
            self._take(Conversation(messages=()))
        elif (now := self._read()) != self.conversation:
            self._take(now)
        else:
            self.findings_changed.emit()

    @Slot()
    def _forget(self) -> None:
        self._timer.stop()
        self._unwritten_message = None
        self.id = None
        self._take(Conversation(messages=()))
