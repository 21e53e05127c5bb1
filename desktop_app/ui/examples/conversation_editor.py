"""The conversation in the middle of the Examples tab: its messages as cards."""

from itertools import pairwise

from PySide6.QtCore import QElapsedTimer, QTimer, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.checks import BLOCKS
from desktop_app.core.examples.conversation import TOOL, Message
from desktop_app.core.examples.message_edits import open_calls
from desktop_app.core.examples.shared_instructions import has_own_instructions
from desktop_app.core.examples.tool_schema import Tool, ToolsError, parse_tools
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.message_tokens import MessageTokens
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.editor.card_column import CardColumn
from desktop_app.ui.examples.editor.card_drag import CardDrag
from desktop_app.ui.examples.editor.card_pool import CardPool
from desktop_app.ui.examples.editor.message_commands import MessageCommands
from desktop_app.ui.examples.editor.pictures import Pictures
from desktop_app.ui.examples.editor.reply_pair import ReplyPair
from desktop_app.ui.examples.editor.shared_card import SharedCard
from desktop_app.ui.examples.editor.tab_stops import tab_stops
from desktop_app.ui.examples.finding_texts import title_of
from desktop_app.ui.examples.message_card import MessageCard
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.flow_layout import wrapping_row
from desktop_app.ui.widgets.parts import Page, button, column, label, row, scrolling

MAX_CARDS = 200
"""More messages than this are shown when asked for; real conversations have a few dozen at most."""

FIRST_CARDS = 8
"""Cards that are there at once; the others follow while the window can be used."""

GROW_FOR_MS = 5


class ConversationEditor(Page):
    """Shows the edited conversation and passes on what its user does to it.

    Without a `runner`, images are named but not shown.
    """

    def __init__(
        self,
        edited: EditedConversation,
        tokens: MessageTokens,
        actions: Actions,
        runner: TaskRunner | None = None,
    ) -> None:
        super().__init__()
        self._edited = edited
        self._tokens = tokens
        self._shown_id: int | None = None
        self._limit = MAX_CARDS
        self._tools: tuple[str, tuple[Tool, ...]] = ("", ())
        self._pictures = Pictures(runner, self) if runner is not None else None
        self._cards = CardPool(self._new_card)
        self._replies = CardPool(self._new_card)
        self.commands = MessageCommands(edited, actions, self)
        self.commands.focus_wanted.connect(self.focus_message)
        self._growth = QTimer(self)
        self._growth.setSingleShot(True)
        self._growth.timeout.connect(self._grow)
        self._make(actions)
        self._connect()
        self._rebuild()
        self._mark()

    def card(self, index: int) -> MessageCard:
        """The card of a message, counted through `all_messages`. Raises IndexError."""
        n_messages = len(self._edited.conversation.messages)
        if index >= n_messages:
            return self._replies.cards[index - n_messages]
        return self._cards.cards[index]

    @Slot(int)
    def focus_message(self, index: int) -> None:
        """Put the cursor into a message and scroll it into sight."""
        if index >= len(self._cards.cards):
            self._show_cards(index + 1)
        if self._has_card(index):
            self.commands.take(index)
            self.card(index).take_focus()
            QTimer.singleShot(0, self._show_focused)

    @Slot()
    def focus_words(self) -> None:
        """Put the cursor where something waits to be written, else at the beginning."""
        messages = self._edited.conversation.all_messages
        places = (place for place, each in enumerate(messages) if each == Message(each.role, ""))
        self.focus_message(next(places, 0))

    def show_binned(self, is_binned: bool) -> None:
        """Only read what is in the bin, and say how it comes back."""
        self.binned.setVisible(is_binned)
        self._body.setEnabled(not is_binned)
        self.commands.lock(is_binned)

    # Building

    def _make(self, actions: Actions) -> None:
        self.title = ElidedLabel("title")
        self._head = QWidget()
        tools = (self._tool(action) for action in actions.editor_tools())
        head = row(self.title, None, *tools, spacing=6)
        head.setContentsMargins(24, 16, 24, 9)
        self._head.setLayout(head)
        self.binned = self._binned_row(actions)
        self.shared = SharedCard()
        self.use_shared = button(self.tr("Use the shared instructions"), "quiet-small")
        self._column = CardColumn()
        self.pair = ReplyPair()
        self.hidden_messages = label(kind="muted", wrap=True)
        self.show_more = button(self.tr("Show more"), "small")
        self._rest = QWidget()
        self._rest.setLayout(row(self.hidden_messages, self.show_more, None))
        self._adders = self._adder_row()
        self._body = QWidget()
        layout = column(margin=0, spacing=9)
        layout.setContentsMargins(24, 3, 24, 24)
        layout.addLayout(row(self.use_shared, None))
        for part in (self.shared, self._column, self._rest, self._adders, self.pair):
            layout.addWidget(part)
        layout.addStretch(1)
        self._body.setLayout(layout)
        self._scroll = scrolling(self._body)
        self._drag = CardDrag(self._column, self._scroll)
        self.setLayout(column(self._head, self.binned, self._scroll, spacing=0))

    def _binned_row(self, actions: Actions) -> QWidget:
        text = self.tr("This conversation is in the bin. Bring it back to change it.")
        bring_back = button(self.tr("Bring back"), "small")
        bring_back.clicked.connect(actions.restore_conversations.trigger)
        inside = row(label(text, "muted", wrap=True), bring_back, spacing=12)
        inside.setStretch(0, 1)
        inside.setContentsMargins(24, 0, 24, 9)
        result = QWidget()
        result.setLayout(inside)
        result.hide()
        return result

    def _tool(self, action: QAction) -> QToolButton:
        result = QToolButton()
        result.setProperty("framed", "true")
        result.setDefaultAction(action)
        return result

    def _adder_row(self) -> QWidget:
        self._add_user = button(self.tr("+ User"), "small")
        self._add_assistant = button(self.tr("+ Assistant"), "small")
        self.add_call = button(self.tr("+ Tool call"), "quiet-small")
        self._add_system = button(self.tr("+ System instructions"), "quiet-small")
        self.edit_tools = button("", "quiet-small")
        return wrapping_row(
            self._add_user, self._add_assistant, self.add_call, self._add_system, self.edit_tools
        )

    def _new_card(self) -> MessageCard:
        card = MessageCard(self._pictures)
        edited = self._edited
        card.text_typed.connect(edited.set_text)
        card.part_typed.connect(edited.set_part_text)
        card.role_chosen.connect(edited.set_role)
        card.learning_chosen.connect(edited.set_learned)
        card.call_renamed.connect(edited.rename_call)
        card.call_typed.connect(edited.set_call_arguments)
        card.call_removed.connect(edited.delete_call)
        card.answer_chosen.connect(edited.set_answered_call)
        card.menu_wanted.connect(self.commands.open_menu)
        card.focused.connect(self.commands.take)
        card.dragged.connect(self._drag.move)
        card.dropped.connect(self._drop)
        return card

    def _connect(self) -> None:
        edited, do = self._edited, self.commands
        edited.reshaped.connect(self._rebuild)
        edited.text_changed.connect(self._follow_typing)
        edited.findings_changed.connect(self._mark)
        edited.facts_changed.connect(self._show_instructions)
        self._tokens.ready.connect(self._count_all)
        self._tokens.counted.connect(self._show_count)
        self.addAction(do.actions.next)
        for pressed, slot in (
            (self._add_user, do.add_user), (self._add_assistant, do.add_assistant),
            (self.add_call, do.add_call_at_end), (self._add_system, do.add_system),
            (self.edit_tools, do.edit_tools), (self.show_more, self._show_more),
            (self.use_shared, edited.use_shared_instructions),
        ):  # fmt: skip
            pressed.clicked.connect(slot)
        self.shared.edit_wanted.connect(do.edit_shared)
        self.shared.own_wanted.connect(do.write_own)
        self.pair.swap_wanted.connect(edited.swap_replies)
        self.pair.keep_wanted.connect(edited.keep_preferred)
        self.pair.reply_wanted.connect(do.add_reply)

    # Showing

    @Slot()
    def _rebuild(self) -> None:
        conversation = self._edited.conversation
        if self._edited.id != self._shown_id:
            self._shown_id = self._edited.id
            self._limit = MAX_CARDS
            self._show_cards(FIRST_CARDS)
        else:
            self._show_cards(max(FIRST_CARDS, len(self._cards.cards) + 1))
        rest = len(conversation.messages) - self._limit
        self._rest.setVisible(rest > 0)
        self.hidden_messages.setText(
            self.tr("%Ln more message(s) are kept but not shown.", "", rest)
        )
        self._show_replies()
        self._show_adders()
        self._show_instructions()
        self._show_title()
        self.commands.follow()
        self._grow()

    def _show_cards(self, count: int) -> None:
        """Show the first messages; what is left to show follows bit by bit."""
        shown = self._edited.conversation.messages[: min(count, self._limit)]
        self._cards.show(shown, self._show_message)
        self._column.arrange(self._cards.cards)

    @Slot()
    def _grow(self) -> None:
        """Make cards for a few more messages, as long as the window may wait for it."""
        wanted = min(self._limit, len(self._edited.conversation.messages))
        spent = QElapsedTimer()
        spent.start()
        while len(self._cards.cards) < wanted and spent.elapsed() < GROW_FOR_MS:
            self._show_cards(len(self._cards.cards) + 1)
        if len(self._cards.cards) < wanted:
            self._growth.start(0)
            return
        self._growth.stop()
        self._order_tabs()
        self._mark()

    def _show_message(self, card: MessageCard, index: int) -> None:
        conversation = self._edited.conversation
        message = conversation.all_messages[index]
        is_answer = message.role == TOOL and index < len(conversation.messages)
        waiting = open_calls(conversation, index) if is_answer else ()
        card.show_message(index, message, self._known_tools(), waiting)
        self._count_card(card)

    def _known_tools(self) -> tuple[Tool, ...]:
        text = self._edited.conversation.tools
        if text != self._tools[0]:
            try:
                self._tools = (text, parse_tools(text))
            except ToolsError:
                self._tools = (text, ())
        return self._tools[1]

    def _show_replies(self) -> None:
        conversation = self._edited.conversation
        self.pair.setVisible(conversation.is_preference)
        first = len(conversation.messages)
        replies = conversation.all_messages[first:]
        self._replies.show(replies, self._show_message, first)
        cards = self._replies.cards
        count = len(conversation.preferred or ())
        self.pair.show_cards(conversation, cards[:count], cards[count:])

    def _show_adders(self) -> None:
        conversation = self._edited.conversation
        self._adders.setVisible(self._edited.id is not None)
        self._add_assistant.setVisible(not conversation.is_preference)
        self.add_call.setVisible(not conversation.is_preference)
        tools = len(self._known_tools())
        if tools:
            self.edit_tools.setText(self.tr("%Ln tool(s)…", "", tools))
        else:
            self.edit_tools.setText(self.tr("Tools…"))

    @Slot()
    def _show_instructions(self) -> None:
        edited = self._edited
        shared = edited.instructions_in_force
        self.shared.setVisible(bool(shared))
        if shared:
            self.shared.show_text(shared, edited.sharing_tag)
        has_own = has_own_instructions(edited.conversation)
        self._add_system.setVisible(not has_own and not shared)
        could_share = has_own and bool(edited.shared_instructions.of(edited.tags))
        self.use_shared.setVisible(could_share)

    def _order_tabs(self) -> None:
        """Lead Tab from above down; Qt goes by the order in which things were made."""
        above = (self._head, self.use_shared, self.shared)
        below = (self._rest, self._adders, self.pair.swap, self.pair.keep)
        stops = [stop for part in above for stop in tab_stops(part)]
        stops += [stop for card in self._cards.cards for stop in card.tab_stops()]
        stops += [stop for part in below for stop in tab_stops(part)]
        stops += [stop for card in self._replies.cards for stop in card.tab_stops()]
        for one, other in pairwise(stops):
            QWidget.setTabOrder(one, other)

    def _show_title(self) -> None:
        self.title.show_text(self._edited.conversation.title or self.tr("New conversation"))

    # Following

    def _has_card(self, index: int) -> bool:
        n_messages = len(self._edited.conversation.messages)
        if index < n_messages:
            return 0 <= index < len(self._cards.cards)
        return index < n_messages + len(self._replies.cards)

    @Slot(int)
    def _follow_typing(self, index: int) -> None:
        self._show_title()
        if self._has_card(index):
            card = self.card(index)
            card.message = self._edited.conversation.all_messages[index]
            self._count_card(card)

    def _count_card(self, card: MessageCard) -> None:
        if card.message is not None:
            card.show_tokens(self._tokens.count(card.message, card.index))

    @Slot(object, object)
    def _show_count(self, message: Message, count: int) -> None:
        for card in (*self._cards.cards, *self._replies.cards):
            if card.message is message:
                card.show_tokens(count)

    @Slot()
    def _count_all(self) -> None:
        for card in (*self._cards.cards, *self._replies.cards):
            self._count_card(card)

    @Slot()
    def _mark(self) -> None:
        titles: dict[int, str] = {}
        for finding in self._edited.findings:
            if finding.severity == BLOCKS and finding.message_index is not None:
                titles.setdefault(finding.message_index, title_of(finding))
        for card in (*self._cards.cards, *self._replies.cards):
            card.show_problem(titles.get(card.index, ""))

    @Slot()
    def _show_more(self) -> None:
        self._limit += MAX_CARDS
        self._rebuild()

    @Slot(int, bool)
    def _drop(self, index: int, is_meant: bool) -> None:
        to = self._drag.end(index)
        if is_meant:
            self.commands.move(index, to)

    @Slot()
    def _show_focused(self) -> None:
        if self._has_card(self.commands.index):
            self._scroll.ensureWidgetVisible(self.card(self.commands.index))
