"""What can be done to the message at hand: one set of actions for menus and keys."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.core.examples import message_edits as edits
from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, Conversation
from desktop_app.ui.icons import icon


class MessageActions(QObject):
    """The actions; the editor connects them. `follow` says for which message they are."""

    def __init__(self, parent: QWidget, up: QAction, down: QAction) -> None:
        super().__init__(parent)
        make = self._make
        self.next = make(self.tr("Add the next message"), "plus", "Ctrl+Return")
        self.above = make(self.tr("Add a message above"), "plus")
        self.below = make(self.tr("Add a message below"), "plus")
        self.duplicate = make(self.tr("Duplicate this message"), "copy")
        self.up, self.down = up, down
        self.divide = make(self.tr("Divide the conversation here"), "scissors")
        self.call = make(self.tr("Add a tool call"), "wrench")
        self.answer = make(self.tr("Answer the tool call"), "wrench")
        self.compare = make(self.tr("Add a reply to compare"), "arrow-left-right")
        self.swap = make(self.tr("Swap the two replies"), "arrow-left-right")
        self.keep_preferred = make(self.tr("Keep the preferred reply only"), "circle-check")
        self.tools = make(self.tr("Tools of this conversation…"), "wrench")
        self.delete = make(self.tr("Delete this message"), "trash-2")

    def all(self) -> list[QAction | None]:
        """Every action in the order of a menu; None is a line between."""
        return [
            self.next, self.above, self.below, self.duplicate, None, self.up, self.down,
            self.divide, None, self.call, self.answer, self.tools, None, self.compare, self.swap,
            self.keep_preferred, None, self.delete,
        ]  # fmt: skip

    def fill(self, menu: QMenu) -> None:
        """Put the actions into a menu."""
        for action in self.all():
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)

    def follow(self, conversation: Conversation, index: int) -> None:
        """Allow what can be done to one message of a conversation."""
        messages = conversation.messages
        is_reply = index >= len(messages)
        is_any = index < len(conversation.all_messages)
        role = conversation.all_messages[index].role if is_any else ""
        for action in (self.next, self.above, self.below, self.duplicate):
            action.setEnabled(is_any and not is_reply)
        self.next.setEnabled(is_any and not (is_reply or conversation.is_preference))
        self.delete.setEnabled(is_any)
        self.divide.setEnabled(0 < index < len(messages) and role != SYSTEM)
        self.call.setEnabled(role == ASSISTANT and not is_reply)
        _, place = edits.answered(conversation, index) if not is_reply and is_any else (None, index)
        self.answer.setEnabled(place != index)
        self.compare.setEnabled(edits.can_be_compared(conversation))
        self.swap.setEnabled(conversation.is_preference)
        self.keep_preferred.setEnabled(conversation.is_preference)
        self.tools.setEnabled(bool(conversation.all_messages))

    def _make(self, text: str, icon_name: str, keys: str = "") -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setIconVisibleInMenu(True)
        if keys:
            action.setShortcut(QKeySequence(keys))
            # In other tabs the same keys mean other things.
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return action
