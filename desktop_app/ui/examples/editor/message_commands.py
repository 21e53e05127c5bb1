"""What the menus, keys and buttons of the editor do to the conversation."""

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, USER, Conversation, Message
from desktop_app.core.examples.tool_schema import ToolsError, parse_tools
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.editor.message_actions import MessageActions
from desktop_app.ui.examples.editor.shared_instructions_dialog import SharedInstructionsDialog
from desktop_app.ui.examples.editor.tools_dialog import ToolsDialog


class MessageCommands(QObject):
    """`index` is the message at hand; `focus_wanted` says where the cursor is to go next."""

    focus_wanted = Signal(int)

    def __init__(self, edited: EditedConversation, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._edited = edited
        self._parent = parent
        self.index = 0
        self._is_locked = False
        self.actions = MessageActions(parent, actions.message_up, actions.message_down)
        self._menu = QMenu(parent)
        self.actions.fill(self._menu)
        mine = self.actions
        for action, slot in (
            (mine.next, self.add_next), (mine.above, self.add_above), (mine.below, self.add_below),
            (mine.duplicate, self.duplicate), (mine.up, self.move_up), (mine.down, self.move_down),
            (mine.divide, self.divide), (mine.call, self.add_call), (mine.answer, self.answer),
            (mine.tools, self.edit_tools), (mine.compare, self.compare),
            (mine.swap, edited.swap_replies), (mine.keep_preferred, edited.keep_preferred),
            (mine.delete, self.delete),
        ):  # fmt: skip
            action.triggered.connect(slot)
        actions.shared_instructions.triggered.connect(self.edit_shared)

    @Slot()
    def follow(self) -> None:
        """Allow what can be done to the message at hand."""
        shown = Conversation(()) if self._is_locked else self._edited.conversation
        self.actions.follow(shown, self.index)

    def lock(self, is_locked: bool) -> None:
        """Allow nothing, or again what can be done."""
        self._is_locked = is_locked
        self.follow()

    @Slot(int)
    def take(self, index: int) -> None:
        """Be about another message."""
        self.index = index
        self.follow()

    @Slot(int, object, QPoint)
    def open_menu(self, index: int, menu: QMenu | None, place: QPoint) -> None:
        """Show what can be done to a message, or add it to a menu that is about to be shown."""
        self.take(index)
        if menu is None:
            self._menu.popup(place)
        else:
            menu.addSeparator()
            self.actions.fill(menu.addMenu(self.tr("This message")))

    # Messages

    @Slot()
    def add_user(self) -> None:
        self._focus(self._edited.add_message(USER))

    @Slot()
    def add_assistant(self) -> None:
        self._focus(self._edited.add_message(ASSISTANT))

    @Slot()
    def add_system(self) -> None:
        self._focus(self._edited.add_message(SYSTEM, 0))

    @Slot()
    def add_next(self) -> None:
        """Go to the message that waits to be written, or add one."""
        index = self.index + 1
        messages = self._edited.conversation.messages
        waits = index < len(messages) and messages[index] == Message(messages[index].role, "")
        self._focus(index if waits else self._edited.add_message(index=index))

    @Slot()
    def add_above(self) -> None:
        self._focus(self._edited.add_message(index=self.index))

    @Slot()
    def add_below(self) -> None:
        self._focus(self._edited.add_message(index=self.index + 1))

    @Slot()
    def duplicate(self) -> None:
        self._focus(self._edited.duplicate_message(self.index))

    @Slot()
    def delete(self) -> None:
        self._edited.delete_message(self.index)
        self._focus(min(self.index, len(self._edited.conversation.all_messages) - 1))

    @Slot()
    def move_up(self) -> None:
        self.move(self.index, self.index - 1)

    @Slot()
    def move_down(self) -> None:
        self.move(self.index, self.index + 1)

    def move(self, index: int, to: int) -> None:
        """Move a message so that it stands at `to`, if there is such a place."""
        messages = self._edited.conversation.messages
        if not self._is_locked and index < len(messages) and 0 <= to < len(messages):
            self._edited.move_message(index, to)
            self._focus(to)

    @Slot()
    def divide(self) -> None:
        self._edited.divide(self.index)
        self._focus(self.index - 1)

    # Tools

    @Slot()
    def add_call(self) -> None:
        """Have the reply at hand call the first tool; without any, ask for the tools."""
        try:
            tools = parse_tools(self._edited.conversation.tools)
        except ToolsError:
            tools = ()
        if tools:
            self._edited.add_call(self.index, tools[0].name)
        else:
            self.edit_tools()

    @Slot()
    def add_call_at_end(self) -> None:
        """Have the last reply call a tool, a new one where the last message is no reply."""
        messages = self._edited.conversation.messages
        if self._edited.conversation.tools and (not messages or messages[-1].role != ASSISTANT):
            self._edited.add_message(ASSISTANT)
        self.index = max(0, len(self._edited.conversation.messages) - 1)
        self.add_call()

    @Slot()
    def answer(self) -> None:
        self._focus(self._edited.add_answer(self.index))

    @Slot()
    def edit_tools(self) -> None:
        ToolsDialog(self._edited, self._parent.window()).open()

    # Replies and instructions

    @Slot()
    def compare(self) -> None:
        self._edited.compare_replies()
        self._focus(len(self._edited.conversation.all_messages) - 1)

    @Slot(bool)
    def add_reply(self, preferred: bool) -> None:
        self._edited.add_reply(preferred=preferred)
        conversation = self._edited.conversation
        before = len(conversation.messages)
        self._focus(before if preferred else before + len(conversation.preferred or ()))

    @Slot()
    def edit_shared(self) -> None:
        SharedInstructionsDialog(self._edited, self._parent.window()).open()

    @Slot()
    def write_own(self) -> None:
        self._edited.write_own_instructions()
        self._focus(0)

    def _focus(self, index: int) -> None:
        self.focus_wanted.emit(index)
