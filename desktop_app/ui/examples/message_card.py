"""One message of a conversation, edited in place."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from desktop_app.core.examples.conversation import ASSISTANT, ROLES, SYSTEM, TOOL, Message, ToolCall
from desktop_app.core.examples.tool_schema import Tool
from desktop_app.ui.examples.editor.drag_handle import DragHandle
from desktop_app.ui.examples.editor.elided_chip import ElidedChip
from desktop_app.ui.examples.editor.message_body import CallsView, PartsView
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.examples.editor.pictures import Pictures
from desktop_app.ui.examples.editor.tab_stops import tab_stops
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import Card, chip, label, row, set_property, set_tone

LEAST_LETTERS = 8
TOKENS_SLACK = 16
ANSWER_WIDTH = 320
COMBO_FRAME = 28
"""Pixels around the text of a menu in the head: edges and arrow."""

TONES = {SYSTEM: "dashed", ASSISTANT: "reply"}


class MessageCard(Card):
    """Reports what its user wants by signals that begin with the card's own index.

    `menu_wanted` carries a menu to add to, or None for one of its own, and a place on the screen.
    """

    text_typed = Signal(int, object)
    part_typed = Signal(int, int, object)
    role_chosen = Signal(int, str)
    learning_chosen = Signal(int, bool)
    call_renamed = Signal(int, int, str)
    call_typed = Signal(int, int, object)
    call_removed = Signal(int, int)
    answer_chosen = Signal(int, str)
    menu_wanted = Signal(int, object, QPoint)
    focused = Signal(int)
    dragged = Signal(int, QPoint)
    dropped = Signal(int, bool)

    def __init__(self, pictures: Pictures | None = None) -> None:
        super().__init__(margin=10, spacing=3)
        self.index = 0
        self.message: Message | None = None
        self._pictures = pictures
        self._parts: PartsView | None = None
        self._calls: CallsView | None = None
        self._answer: QComboBox | None = None
        self.handle = DragHandle()
        self.handle.moved.connect(self._drag)
        self.handle.released.connect(self._drop)
        self.role = self._role_box()
        self.standing = chip()
        self.standing.hide()
        self.learn = self._learn_box()
        self.weight = chip(tone="warning")
        self.weight.hide()
        self.problem = ElidedChip("bad")
        self.problem.hide()
        self.tokens = label(kind="small")
        self.tokens.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.more = self._more_button()
        self.text = MessageBox()
        self.text.words_typed.connect(self._type)
        self.text.focused.connect(self._tell_focus)
        self.text.menu_wanted.connect(self._extend_menu)
        self.attachment = label(kind="small", wrap=True)
        self.head = row(self.handle, self.role, self.standing, self.learn, None,
                        self.tokens, self.more, spacing=6)  # fmt: skip
        self.body.addLayout(self.head)
        self.body.addLayout(row(self.weight, self.problem, None, spacing=6))
        self.body.addWidget(self.text)
        self.body.addWidget(self.attachment)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    # Showing

    def show_message(
        self,
        index: int,
        message: Message,
        tools: Sequence[Tool] = (),
        waiting: Sequence[ToolCall] = (),
    ) -> None:
        """Fill the card; one card shows one message after the other.

        `tools` are those of the conversation, `waiting` the calls that a tool message may answer.
        """
        self.message = message
        self.show_index(index)
        self._show_role(message.role)
        set_property(self, "tone", TONES.get(message.role, "quiet"))
        self._show_weight(message)
        self._show_words(message)
        self._show_calls(message, tools)
        self._show_answer(message, waiting)
        self.attachment.setText(self._attachments(message))
        self.attachment.setVisible(bool(self.attachment.text()))
        self.show_problem("")

    def show_index(self, index: int) -> None:
        """Take another place among the messages."""
        self.index = index
        self.text.setAccessibleName(self.tr("Message %1").replace("%1", str(index + 1)))

    def show_problem(self, title: str) -> None:
        """Mark the card with what is wrong with it, or with nothing."""
        if title != self.problem.full_text:
            self.problem.show_text(title)
            set_property(self, "problem", bool(title))

    def show_tokens(self, count: int | None) -> None:
        """Show how long the message is, or nothing while that is not known."""
        text = "" if count is None else self.tr("%Ln token(s)", "", count)
        # Of fixed size, or each keystroke would lay out every card anew.
        self.tokens.ensurePolished()
        wanted = self.tokens.fontMetrics().horizontalAdvance(text) + 4
        if not wanted <= self.tokens.width() <= wanted + TOKENS_SLACK:
            self.tokens.setFixedSize(wanted, self.tokens.fontMetrics().height() + 2)
        self.tokens.setText(text)

    def show_standing(self, text: str, tone: str) -> None:
        """Say which of two replies this one is; it neither moves nor changes its role then."""
        self.standing.setText(text)
        set_tone(self.standing, tone)
        self.standing.setVisible(bool(text))
        for part in (self.role, self.handle, self.learn):
            part.setVisible(not text)

    def take_focus(self) -> None:
        """Put the cursor into the words."""
        boxes = [self.text, *(self._parts.findChildren(MessageBox) if self._parts else [])]
        for box in boxes:
            if not box.isHidden():
                box.setFocus()
                return
        self.more.setFocus()

    def tab_stops(self) -> list[QWidget]:
        """What Tab leads to in this card, from above down."""
        stops: list[QWidget] = [self.role, self.learn, self.more, self.text]
        if self._answer is not None:
            stops.insert(1, self._answer)
        for part in (self._parts, self._calls):
            if part is not None:
                stops += tab_stops(part)
        return stops

    @property
    def calls(self) -> CallsView | None:
        """The forms of its tool calls, None before there were any."""
        return self._calls

    @property
    def parts(self) -> PartsView | None:
        """The views of its parts, None before there were any."""
        return self._parts

    @property
    def answer(self) -> QComboBox | None:
        """Which call a tool message answers, None before one was shown."""
        return self._answer

    def _show_role(self, role: str) -> None:
        if self.role.findData(role) < 0:
            self.role.addItem(role, role)
        self.role.setCurrentIndex(self.role.findData(role))
        self.role.ensurePolished()
        text = self.role.currentText()
        self.role.setFixedWidth(self.role.fontMetrics().horizontalAdvance(text) + COMBO_FRAME)

    def _show_weight(self, message: Message) -> None:
        self.learn.setVisible(message.role == ASSISTANT)
        self.learn.setChecked(message.is_learned_from)
        is_odd = message.weight not in (None, 0, 1)
        self.weight.setText(self.tr("weight %1").replace("%1", str(message.weight)))
        self.weight.setVisible(is_odd)

    def _show_words(self, message: Message) -> None:
        in_parts = isinstance(message.content, tuple)
        self.text.setVisible(not in_parts)
        if isinstance(message.content, tuple):
            if self._parts is None:
                self._parts = self._new_parts()
            self._parts.show_parts(message.content)
        else:
            self.text.fill(message.text)
        if self._parts is not None:
            self._parts.setVisible(in_parts)
        self.text.setPlaceholderText(self._placeholder(message))

    def _placeholder(self, message: Message) -> str:
        if message.tool_calls:
            return self.tr("Words beside the call; may stay empty")
        if message.role == ASSISTANT:
            return self.tr("Write what the model should have said…")
        if message.role == TOOL:
            return self.tr("What the tool answered")
        return ""

    def _show_calls(self, message: Message, tools: Sequence[Tool]) -> None:
        if message.tool_calls and self._calls is None:
            self._calls = CallsView()
            self._calls.renamed.connect(self._rename_call)
            self._calls.typed.connect(self._type_call)
            self._calls.removed.connect(self._remove_call)
            self.body.insertWidget(self.body.indexOf(self.attachment), self._calls)
        if self._calls is not None:
            self._calls.setVisible(bool(message.tool_calls))
            self._calls.show_calls(message, tools)

    def _show_answer(self, message: Message, waiting: Sequence[ToolCall]) -> None:
        is_tool = message.role == TOOL
        if is_tool and self._answer is None:
            self._answer = QComboBox()
            self._answer.setAccessibleName(self.tr("The call that this message answers"))
            self._answer.setProperty("kind", "role")
            adjusted = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            self._answer.setSizeAdjustPolicy(adjusted)
            self._answer.setMinimumContentsLength(LEAST_LETTERS)
            self._answer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._answer.activated.connect(self._choose_answer)
            # All the room there is, up to what it says.
            self.head.insertWidget(3, self._answer, 100)
        if self._answer is None:
            return
        self._answer.setVisible(is_tool)
        self._answer.clear()
        for call in waiting:
            text = self.tr("answers %1 (%2)").replace("%1", call.function.name)
            self._answer.addItem(text.replace("%2", call.id), call.id)
        place = self._answer.findData(message.tool_call_id)
        if place < 0:
            self._answer.insertItem(0, self.tr("answers no call"), message.tool_call_id)
        self._answer.setCurrentIndex(max(0, place))
        self._answer.ensurePolished()
        wanted = self._answer.fontMetrics().horizontalAdvance(self._answer.currentText())
        self._answer.setMaximumWidth(min(wanted + COMBO_FRAME, ANSWER_WIDTH))

    def _attachments(self, message: Message) -> str:
        lines = []
        if message.refusal is not None:
            refused = self.tr("Refuses with the words: %1").replace("%1", message.refusal[:300])
            lines.append(refused)
        if message.name is not None:
            lines.append(self.tr("Speaks as %1").replace("%1", message.name))
        return "\n".join(lines)

    # Making

    def _role_box(self) -> QComboBox:
        names = {
            "system": self.tr("SYSTEM INSTRUCTIONS"),
            "user": self.tr("USER"),
            "assistant": self.tr("ASSISTANT"),
            "tool": self.tr("TOOL"),
        }
        result = QComboBox()
        for role in ROLES:
            result.addItem(names[role], role)
        result.setProperty("kind", "role")
        result.setAccessibleName(self.tr("Who speaks"))
        result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        result.activated.connect(self._choose_role)
        return result

    def _learn_box(self) -> QCheckBox:
        result = QCheckBox(self.tr("learn from this reply"))
        result.setProperty("kind", "learn")
        result.setToolTip(self.tr("Switched off, the reply is only read as context (weight 0)."))
        result.clicked.connect(self._choose_learning)
        return result

    def _more_button(self) -> QToolButton:
        result = QToolButton()
        result.setProperty("compact", "true")
        more = QAction(icon("ellipsis"), self.tr("More for this message"), result)
        more.triggered.connect(self._open_menu)
        result.setDefaultAction(more)
        return result

    def _new_parts(self) -> PartsView:
        parts = PartsView(self._pictures)
        parts.part_typed.connect(self._type_part)
        parts.focused.connect(self._tell_focus)
        parts.menu_wanted.connect(self._extend_menu)
        self.body.insertWidget(self.body.indexOf(self.text) + 1, parts)
        return parts

    # Reporting

    @Slot(object)
    def _type(self, text: str) -> None:
        self.text_typed.emit(self.index, text)

    @Slot(int, object)
    def _type_part(self, part: int, text: str) -> None:
        self.part_typed.emit(self.index, part, text)

    @Slot()
    def _tell_focus(self) -> None:
        self.focused.emit(self.index)

    @Slot(int)
    def _choose_role(self, _position: int) -> None:
        self.role_chosen.emit(self.index, self.role.currentData())

    @Slot(bool)
    def _choose_learning(self, learned: bool) -> None:
        self.learning_chosen.emit(self.index, learned)

    @Slot(int)
    def _choose_answer(self, _position: int) -> None:
        if self._answer is not None and self._answer.currentData() is not None:
            self.answer_chosen.emit(self.index, self._answer.currentData())

    @Slot(int, str)
    def _rename_call(self, call: int, name: str) -> None:
        self.call_renamed.emit(self.index, call, name)

    @Slot(int, object)
    def _type_call(self, call: int, text: str) -> None:
        self.call_typed.emit(self.index, call, text)

    @Slot(int)
    def _remove_call(self, call: int) -> None:
        self.call_removed.emit(self.index, call)

    @Slot(QPoint)
    def _drag(self, place: QPoint) -> None:
        self.dragged.emit(self.index, place)

    @Slot(bool)
    def _drop(self, is_meant: bool) -> None:
        self.dropped.emit(self.index, is_meant)

    @Slot()
    def _open_menu(self) -> None:
        place = self.more.mapToGlobal(self.more.rect().bottomLeft())
        self.menu_wanted.emit(self.index, None, place)

    @Slot(QMenu, QPoint)
    def _extend_menu(self, menu: QMenu, place: QPoint) -> None:
        self.menu_wanted.emit(self.index, menu, place)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.index, None, event.globalPos())
