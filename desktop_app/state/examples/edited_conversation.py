"""The conversation in the editor: what may be done to it, and when it is on disk."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.core.examples import message_edits as edits
from desktop_app.core.examples.checks import ADVICE, Finding
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.fixes import fix
from desktop_app.core.examples.shared_instructions import (
    SharedInstructions,
    has_own_instructions,
)
from desktop_app.state.examples.shown_findings import RulesSource, ShownFindings
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.rows import ConversationRow, Touched

WRITE_AFTER_MS = 400
"""A pause in typing after which the text is written: every edit is on disk within a second."""

RETRY_AFTER_MS = 5000
"""Until the next try where the project cannot be written; typing on tries sooner."""

NOTHING = Conversation(messages=())


@dataclass(frozen=True)
class Unwritten:
    """What a conversation is to become on disk, and the step of undo that this will be."""

    conversation: Conversation
    label: str
    merge_key: str


class EditedConversation(QObject):
    """At most one conversation. Text is written after a short pause, all else at once.

    `reshaped`: another conversation, or other messages than before. `text_changed`: only words.
    `facts_changed`: what the project keeps beside the messages, as tags or shared instructions.
    What cannot be written stays here and is tried again, also while another conversation is
    shown. `failed` carries the ProjectError, once until all is written; `held_back` says that
    leaving was refused for it. `write_beside` puts on disk what else is typed beside the words.
    """

    reshaped = Signal()
    text_changed = Signal(int)
    findings_changed = Signal()
    facts_changed = Signal()
    saved_changed = Signal(bool)
    failed = Signal(object)
    held_back = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        parent: QObject | None = None,
        *,
        rules: RulesSource | None = None,
        runner: TaskRunner | None = None,
        counter: TokenCounter | None = None,
        write_beside: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._write_beside = write_beside
        self._unwritten: dict[int, Unwritten] = {}
        self._has_failed = False
        self._may_be_lost = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.write)
        self.id: int | None = None
        self.conversation = NOTHING
        self._found = ShownFindings(open_project, rules, runner, counter, self)
        self._found.changed.connect(self.findings_changed)
        open_project.changed.connect(self._follow)
        open_project.closing.connect(self._let_go)
        open_project.closed.connect(self._forget)

    @property
    def is_written(self) -> bool:
        return not self._unwritten

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the conversation, what blocks first."""
        return self._found.findings

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
        """Take what was typed into a message; `index` counts through `all_messages`."""
        message = self._message(index)
        if message is not None and message.content != text:
            # A reply that calls a tool may say nothing: then it has no content at all.
            content = None if message.tool_calls and not text else text
            self._type(edits.changed(self.conversation, index, content=content), index)

    def set_part_text(self, index: int, part: int, text: str) -> None:
        """Take what was typed into one part of a message that has images too."""
        if self._message(index) is not None:
            after = edits.with_part_text(self.conversation, index, part, text)
            self._type(after, index, f"part{part}")

    def set_call_arguments(self, index: int, call: int, text: str) -> None:
        """Take what was typed into a call's arguments: JSON, if it is right."""
        if self._message(index) is not None:
            after = edits.with_changed_call(self.conversation, index, call, arguments=text)
            self._type(after, index, f"call{call}")

    def _message(self, index: int) -> Message | None:
        messages = self.conversation.all_messages
        return messages[index] if self.id is not None and index < len(messages) else None

    def _type(self, after: Conversation, index: int, where: str = "text") -> None:
        if self.id is None or after == self.conversation:
            return
        merge_key = f"{where}:{self.id}:{index}"
        before = self._unwritten.get(self.id)
        if before is not None and before.merge_key != merge_key:
            self.write()
        self.conversation = after
        self._keep(Unwritten(after, "edit", merge_key))
        self._timer.start(WRITE_AFTER_MS)
        self.text_changed.emit(index)
        self._found.look_at(self.id, after, typing=True)

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
        is_written = self.write()
        if self._write_beside is not None:
            is_written = self._write_beside() and is_written
        if is_written or self._may_be_lost:
            self._may_be_lost = not is_written
            return True
        self._may_be_lost = True
        self.held_back.emit()
        return False

    def _keep(self, what: Unwritten) -> None:
        if self.id is not None:
            self._unwritten[self.id] = what
            self._may_be_lost = False
            self.saved_changed.emit(False)

    # Messages; an index counts through `all_messages`

    def set_role(self, index: int, role: str) -> None:
        """Give a message to another speaker; only an assistant's message has a weight."""
        self._put(edits.with_role(self.conversation, index, role))

    def set_learned(self, index: int, learned: bool) -> None:
        """Learn from this reply, or only show it as context (`weight` 0)."""
        self._put(edits.changed(self.conversation, index, weight=None if learned else 0))

    def add_message(self, role: str | None = None, index: int | None = None) -> int:
        """Insert an empty message, at the end by default; return where it stands."""
        place = len(self.conversation.messages) if index is None else index
        new = Message(role, "") if role else edits.next_message(self.conversation, place)
        self._put(edits.inserted(self.conversation, place, new))
        return place

    def duplicate_message(self, index: int) -> int:
        """Put the same message behind one; return where it stands."""
        message = self.conversation.messages[index]
        self._put(edits.with_message(self.conversation, index, message, message))
        return index + 1

    def delete_message(self, index: int) -> None:
        self._put(edits.with_message(self.conversation, index))

    def move_message(self, index: int, to: int) -> None:
        """Move a message so that it stands at `to`."""
        self._put(edits.moved(self.conversation, index, to))

    def divide(self, index: int) -> None:
        """Make a new conversation of the messages from one on, behind this one."""
        id = self.id
        if id is not None and 0 < index < len(self.conversation.messages) and self.write():
            self._open_project.edit(
                lambda project: project.divide(id, index), (id,), order_changed=True
            )

    # Tool calls

    def set_tools(self, text: str) -> None:
        """Give the conversation other tools: JSON text, '' for none."""
        self._put(edits.replace(self.conversation, tools=text))

    def add_call(self, index: int, name: str) -> None:
        """Have a reply call a tool."""
        self._put(edits.with_call(self.conversation, index, name))

    def rename_call(self, index: int, call: int, name: str) -> None:
        """Have a reply call another tool in place of one."""
        self._put(edits.with_changed_call(self.conversation, index, call, name=name))

    def delete_call(self, index: int, call: int) -> None:
        self._put(edits.without_call(self.conversation, index, call))

    def add_answer(self, index: int) -> int:
        """Add a message that answers an open call of a reply; return where it stands."""
        after, place = edits.answered(self.conversation, index)
        self._put(after)
        return place

    def set_answered_call(self, index: int, call_id: str) -> None:
        """Say which call a tool message answers."""
        self._put(edits.changed(self.conversation, index, tool_call_id=call_id))

    # Replies to compare

    def compare_replies(self) -> None:
        """Set another reply beside the last one: a preference example."""
        self._put(edits.compared(self.conversation))

    def keep_preferred(self) -> None:
        """Keep the preferred reply only: an ordinary example again."""
        self._put(edits.with_preferred_only(self.conversation))

    def swap_replies(self) -> None:
        """Prefer the other reply."""
        self._put(edits.swapped(self.conversation))

    def add_reply(self, *, preferred: bool) -> None:
        """Write the one of two replies that is missing."""
        self._put(edits.with_reply(self.conversation, preferred=preferred))

    # Instructions

    @property
    def shared_instructions(self) -> SharedInstructions:
        """Those of the project."""
        if not self._open_project.is_open:
            return SharedInstructions()
        return self._open_project.project.instructions()

    @property
    def instructions_in_force(self) -> str:
        """The shared instructions that stand before this conversation, '' if it has its own."""
        if has_own_instructions(self.conversation):
            return ""
        return self.shared_instructions.of(self.tags)

    @property
    def sharing_tag(self) -> str:
        """The tag by which the conversation shares instructions, '' for the whole project's."""
        by_tag = self.shared_instructions.by_tag
        return next((tag for tag in sorted(self.tags) if by_tag.get(tag)), "")

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the conversation."""
        row = self.row("")
        return row.tags if row is not None else ()

    @property
    def known_tags(self) -> tuple[str, ...]:
        """All tags of the project, in alphabetical order."""
        return self._open_project.project.tags() if self._open_project.is_open else ()

    def set_shared_instructions(self, shared: SharedInstructions) -> None:
        """Write other instructions before all conversations that share them."""
        self.write()
        if shared != self.shared_instructions:
            self._open_project.edit(lambda project: project.set_instructions(shared))

    def write_own_instructions(self) -> None:
        """Begin the conversation with a copy of the shared instructions, to be changed here."""
        self._put(edits.with_own_instructions(self.conversation, self.instructions_in_force))

    def use_shared_instructions(self) -> None:
        """Drop the conversation's own instructions."""
        self._put(edits.without_own_instructions(self.conversation))

    # What was found

    @Slot()
    def look_again(self) -> None:
        """Take in what a review of the set has stored of the conversation."""
        self._found.merge()

    def apply_fix(self, finding: Finding) -> None:
        """Mend what a finding names, where a mend is evident."""
        mended = fix(self.conversation, finding)
        if mended is not None:
            self._put(mended, label="fix")

    def accept(self, finding: Finding) -> None:
        """Let a piece of advice be: it is not given for this conversation again."""
        id = self.id
        if id is not None and finding.severity == ADVICE and self.write():
            self._open_project.edit(lambda project: project.accept((id,), finding.code), (id,))

    # Within

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
        self._found.look_at(self.id, conversation, typing=False)

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
            (self._found.merge if touched.ids else self._found.look_again)()
            self.facts_changed.emit()

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
