"""One turn of a chat: what the user said at the right, under it one reply or two."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, Qt
from PySide6.QtWidgets import QToolButton, QWidget
from typing_extensions import override

from desktop_app.state.chat.chat import Chat
from desktop_app.ui.chat.message_log import LogRow
from desktop_app.ui.chat.message_text import MessageText
from desktop_app.ui.chat.reply_card import ReplyCard
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import Card, button, column, label, row

WIDEST = 0.72
"""Of the log's width, for what the user said."""


class TurnRow(LogRow):
    """Filled with a turn of the chat in front."""

    def __init__(self, chat: Chat, parent: QWidget) -> None:
        super().__init__(parent)
        self._chat = chat
        self._said = SaidCard(chat)
        self.replies = [ReplyCard(chat, place) for place in (0, 1)]
        said = row(None, self._said, margin=0)
        replies = row(*self.replies, spacing=16)
        for card in self.replies:
            replies.setStretchFactor(card, 1)
        self._layout = column(spacing=14)
        self._layout.addLayout(said)
        self._layout.addLayout(replies)
        self.setLayout(self._layout)

    @property
    @override
    def is_pinned(self) -> bool:
        is_edited = self._said.is_editing or any(card.is_editing for card in self.replies)
        return is_edited or super().is_pinned

    @override
    def fill(self, index: int) -> None:
        super().fill(index)
        turn = self._chat.document.turns[index]
        self._said.fill(index)
        for place, card in enumerate(self.replies):
            card.setVisible(place < len(turn.replies))
            if place < len(turn.replies):
                card.fill(index)
        self._layout.invalidate()

    @override
    def heightForWidth(self, width: int) -> int:
        self._said.setMaximumWidth(int(width * WIDEST))
        return super().heightForWidth(width)


class SaidCard(Card):
    """What the user said; the last one can be said again in other words."""

    def __init__(self, chat: Chat) -> None:
        super().__init__(tone="quiet", margin=14, spacing=4)
        self._chat = chat
        self._turn = -1
        self.text = MessageText()
        self.text.setAccessibleName(self.tr("What you said"))
        self._edit = self._tool(self.tr("Edit and send again"), "pencil")
        self._edit.triggered.connect(self._start_editing)
        self._copy_action = self._tool(self.tr("Copy what you said"), "copy")
        self._copy_action.triggered.connect(self._copy)
        self._tools = [self._tool_button(self._edit), self._tool_button(self._copy_action)]
        self._send = button(self.tr("Send again"), "primary")
        self._send.clicked.connect(self._send_again)
        self._cancel = button(self.tr("Cancel"), "quiet")
        self._cancel.clicked.connect(self._cancel_editing)
        self.body.addLayout(row(label(self.tr("YOU"), "section"), None, *self._tools, spacing=2))
        self.body.addWidget(self.text)
        self.body.addLayout(row(self._send, self._cancel, None))

    @property
    def is_editing(self) -> bool:
        return not self.text.isReadOnly()

    def fill(self, turn: int) -> None:
        """Show what was said in a turn."""
        if turn != self._turn and self.is_editing:
            self.text.set_editing(False)
        self._turn = turn
        self.text.show_text(self._chat.document.turns[turn].said)
        is_last = turn == len(self._chat.document.turns) - 1
        self._tools[0].setVisible(is_last and not self.is_editing)
        self._edit.setEnabled(not self._chat.is_streaming)
        for each in (self._send, self._cancel):
            each.setVisible(self.is_editing)
        self.body.invalidate()
        self.updateGeometry()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_editing:
            self._cancel_editing()
        else:
            super().keyPressEvent(event)

    def _tool(self, text: str, icon_name: str) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setToolTip(text)
        return action

    def _tool_button(self, action: QAction) -> QToolButton:
        result = QToolButton()
        result.setDefaultAction(action)
        result.setProperty("kind", "tiny")
        result.setIconSize(QSize(14, 14))
        return result

    @Slot()
    def _start_editing(self) -> None:
        self.text.set_editing(True)
        self.fill(self._turn)

    @Slot()
    def _cancel_editing(self) -> None:
        self.text.set_editing(False)
        self.fill(self._turn)

    @Slot()
    def _send_again(self) -> None:
        text = self.text.toPlainText()
        if text.strip():
            self.text.set_editing(False)
            self._chat.say_again(text)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._chat.document.turns[self._turn].said)
