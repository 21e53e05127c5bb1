"""The conversation in the middle of the Examples tab: its messages as cards."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from desktop_app.core.examples.checks import BLOCKS
from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, USER
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.message_tokens import MessageTokens
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.finding_texts import title_of
from desktop_app.ui.examples.message_card import MessageCard
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.parts import Page, button, column, label, row, scrolling

MAX_CARDS = 200
"""More messages than this are not shown at once; real conversations have a few dozen at most."""


class ConversationEditor(Page):
    """Shows the edited conversation and passes on what its user does to it."""

    def __init__(
        self,
        edited: EditedConversation,
        tokens: MessageTokens,
        actions: Actions,
    ) -> None:
        super().__init__()
        self._edited = edited
        self._tokens = tokens
        self._cards: list[MessageCard] = []
        self._focused = 0
        self.title = ElidedLabel("title")
        self.hidden_messages = label(kind="muted", wrap=True)
        head = row(self.title, None, *(self._tool(a) for a in actions.editor_tools()), spacing=6)
        self._cards_column = column(spacing=9)
        self._adders = self._adder_row()
        body = QWidget()
        layout = column(margin=0, spacing=12)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.addLayout(head)
        layout.addLayout(self._cards_column)
        layout.addWidget(self.hidden_messages)
        layout.addWidget(self._adders)
        layout.addStretch(1)
        body.setLayout(layout)
        self._scroll = scrolling(body)
        self.setLayout(column(self._scroll))
        edited.reshaped.connect(self._rebuild)
        edited.text_changed.connect(self._count)
        edited.findings_changed.connect(self._mark)
        tokens.ready.connect(self._count_all)
        actions.message_up.triggered.connect(self._move_up)
        actions.message_down.triggered.connect(self._move_down)
        self._rebuild()

    def card(self, index: int) -> MessageCard:
        """The card of a message. Raises IndexError."""
        return self._cards[index]

    def focus_message(self, index: int) -> None:
        """Put the cursor into a message and scroll it into sight."""
        if 0 <= index < len(self._edited.conversation.messages) and index < MAX_CARDS:
            self._cards[index].text.setFocus()
            QTimer.singleShot(0, self._show_focused)

    # Building

    def _tool(self, action: QAction) -> QToolButton:
        result = QToolButton()
        result.setProperty("framed", "true")
        result.setDefaultAction(action)
        return result

    def _adder_row(self) -> QWidget:
        self._add_user = button(self.tr("+ User"), "small")
        self._add_user.clicked.connect(self._add_user_message)
        self._add_assistant = button(self.tr("+ Assistant"), "small")
        self._add_assistant.clicked.connect(self._add_assistant_message)
        self._add_system = button(self.tr("+ System instructions"), "quiet")
        self._add_system.clicked.connect(self._add_system_message)
        result = QWidget()
        result.setLayout(row(self._add_user, self._add_assistant, self._add_system, None))
        return result

    def _new_card(self) -> MessageCard:
        card = MessageCard()
        card.text_typed.connect(self._edited.set_text)
        card.role_chosen.connect(self._edited.set_role)
        card.learning_chosen.connect(self._edited.set_learned)
        card.delete_wanted.connect(self._edited.delete_message)
        card.move_wanted.connect(self._move)
        card.add_wanted.connect(self._add_at)
        card.focused.connect(self._remember_focus)
        self._cards_column.addWidget(card)
        return card

    @Slot()
    def _rebuild(self) -> None:
        conversation = self._edited.conversation
        shown = conversation.messages[:MAX_CARDS]
        while len(self._cards) < len(shown):
            self._cards.append(self._new_card())
        for index, card in enumerate(self._cards):
            card.setVisible(index < len(shown))
            if index < len(shown):
                card.show_message(index, shown[index])
        rest = len(conversation.messages) - len(shown)
        self.hidden_messages.setVisible(rest > 0)
        self.hidden_messages.setText(
            self.tr("%Ln more message(s) are kept but not shown.", "", rest)
        )
        has_system = any(m.role == SYSTEM for m in conversation.messages)
        self._add_system.setVisible(not has_system)
        self._show_title()
        self._count_all()

    def _show_title(self) -> None:
        self.title.show_text(self._edited.conversation.title or self.tr("New conversation"))

    # Following

    @Slot(int)
    def _count(self, index: int) -> None:
        self._show_title()
        if index < len(self._cards):
            message = self._edited.conversation.messages[index]
            count = self._tokens.count(message)
            if count is not None:
                self._cards[index].show_tokens(count)

    @Slot()
    def _count_all(self) -> None:
        for index in range(min(len(self._edited.conversation.messages), MAX_CARDS)):
            self._count(index)

    @Slot()
    def _mark(self) -> None:
        titles: dict[int, str] = {}
        for finding in self._edited.findings:
            if finding.severity == BLOCKS and finding.message_index is not None:
                titles.setdefault(finding.message_index, title_of(finding))
        for index, card in enumerate(self._cards):
            card.show_problem(titles.get(index, ""))

    # Doing

    @Slot()
    def _add_user_message(self) -> None:
        self.focus_message(self._edited.add_message(USER))

    @Slot()
    def _add_assistant_message(self) -> None:
        self.focus_message(self._edited.add_message(ASSISTANT))

    @Slot()
    def _add_system_message(self) -> None:
        self.focus_message(self._edited.add_message(SYSTEM, 0))

    @Slot(int)
    def _add_at(self, index: int) -> None:
        self.focus_message(self._edited.add_message(index=index))

    @Slot(int, int)
    def _move(self, index: int, to: int) -> None:
        if 0 <= to < len(self._edited.conversation.messages):
            self._edited.move_message(index, to)
            self.focus_message(to)

    @Slot()
    def _move_up(self) -> None:
        self._move(self._focused, self._focused - 1)

    @Slot()
    def _move_down(self) -> None:
        self._move(self._focused, self._focused + 1)

    @Slot(int)
    def _remember_focus(self, index: int) -> None:
        self._focused = index

    @Slot()
    def _show_focused(self) -> None:
        if self._focused < len(self._cards):
            self._scroll.ensureWidgetVisible(self._cards[self._focused])
