"""The conversation in the editor: what may be done to it, and when it is on disk."""

from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.core.examples.checks import Finding, check_conversation
from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.fixes import fix
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.rows import ConversationRow, Split, Touched

WRITE_AFTER_MS = 400
"""A pause in typing after which the text is written: every edit is on disk within a second."""

RETRY_AFTER_MS = 5000
"""Until the next try where the project cannot be written; typing on tries sooner."""

NOTHING = Conversation(messages=())
replace = msgspec.structs.replace


@dataclass(frozen=True)
class Unwritten:
    """What a conversation is to become on disk, and the step of undo that this will be."""

    conversation: Conversation
    label: str
    merge_key: str


class EditedConversation(QObject):
    """At most one conversation. Text is written after a short pause, all else at once.

    `reshaped`: another conversation, or other messages than before. `text_changed`: only words.
    What cannot be written stays here and is tried again, also while another conversation is
    shown. `failed` carries the ProjectError, once until all is written; `held_back` says that
    leaving was refused for it.
    """

    reshaped = Signal()
    text_changed = Signal(int)
    findings_changed = Signal()
    saved_changed = Signal(bool)
    failed = Signal(object)
    held_back = Signal()

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._unwritten: dict[int, Unwritten] = {}
        self._has_failed = False
        self._may_be_lost = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.write)
        self.id: int | None = None
        self.conversation = NOTHING
        self.findings: list[Finding] = []
        open_project.changed.connect(self._follow)
        open_project.closing.connect(self._let_go)
        open_project.closed.connect(self._forget)

    @property
    def is_written(self) -> bool:
        return not self._unwritten

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
        # None while it is read: what cannot be read must not be taken for what was shown before.
        self.id = None
        try:
            conversation = self._read(id)
        except (ProjectError, KeyError):
            self._take(NOTHING)
            raise
        self.id = id
        self._take(conversation)

    # Words

    def set_text(self, index: int, text: str) -> None:
        """Take what was typed into a message."""
        if self.id is None or self.conversation.messages[index].content == text:
            return
        merge_key = f"text:{self.id}:{index}"
        before = self._unwritten.get(self.id)
        if before is not None and before.merge_key != merge_key:
            self.write()
        self.conversation = self._with(index, content=text)
        self._keep(Unwritten(self.conversation, "edit", merge_key))
        self._timer.start(WRITE_AFTER_MS)
        self.text_changed.emit(index)
        self._check()

    @Slot(result=bool)
    def write(self) -> bool:
        """Put on disk what was typed; returns whether all of it is there."""
        self._timer.stop()
        for id, what in list(self._unwritten.items()):
            # Taken out first: others ask what is on disk as soon as they hear of it.
            del self._unwritten[id]
            try:
                self._open_project.replace(id, what.conversation, what.label, what.merge_key)
            except ProjectError as error:
                self._unwritten[id] = what
                self._timer.start(RETRY_AFTER_MS)
                if not self._has_failed:
                    self._has_failed = True
                    self.failed.emit(error)
                return False
            if not self._unwritten:
                self._has_failed = False
                self.saved_changed.emit(True)
        return True

    def may_be_left(self) -> bool:
        """Write all. Where that fails: no, and yes to who asks again, knowing what is lost."""
        if self.write() or self._may_be_lost:
            return True
        self._may_be_lost = True
        self.held_back.emit()
        return False

    def _keep(self, what: Unwritten) -> None:
        if self.id is not None:
            self._unwritten[self.id] = what
            self._may_be_lost = False
            self.saved_changed.emit(False)

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
            self._keep(Unwritten(conversation, label, merge_key=""))
            self._take(conversation)
            self.write()

    def _read(self, id: int | None) -> Conversation:
        if id is None:
            return NOTHING
        what = self._unwritten.get(id)
        return what.conversation if what else self._open_project.project.conversation(id)

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
        if self.id is None or self.id in self._unwritten:
            return
        if touched.ids and self.id not in touched.ids:
            return
        if not self._open_project.project.is_live(self.id):
            self.id = None
            self._take(NOTHING)
        elif (now := self._read(self.id)) != self.conversation:
            self._take(now)
        else:
            self.findings_changed.emit()

    @Slot()
    def _let_go(self) -> None:
        """Write for the last time; what even now cannot be written is lost."""
        self.write()
        self._timer.stop()
        self._unwritten.clear()

    @Slot()
    def _forget(self) -> None:
        self._has_failed = self._may_be_lost = False
        self.saved_changed.emit(True)
        self.id = None
        self._take(NOTHING)
