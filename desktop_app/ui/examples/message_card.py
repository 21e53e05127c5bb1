"""One message of a conversation, edited in place."""

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QSizePolicy, QToolButton
from typing_extensions import override

from desktop_app.core.examples.conversation import ASSISTANT, ROLES, SYSTEM, Message
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.growing_text_edit import GrowingTextEdit
from desktop_app.ui.widgets.parts import Card, chip, label, row, set_property

TONES = {SYSTEM: "dashed", ASSISTANT: "reply"}


class MessageBox(GrowingTextEdit):
    """Leaves Undo and Redo to the program, whose steps reach back over every message."""

    def __init__(self) -> None:
        super().__init__()
        self.setUndoRedoEnabled(False)

    @override
    def event(self, e: QEvent) -> bool:
        keys = QKeySequence.StandardKey
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride:
            is_theirs = e.matches(keys.Undo) or e.matches(keys.Redo)
            e.setAccepted(not is_theirs)
            if is_theirs:
                return False
        return super().event(e)


class MessageCard(Card):
    """Reports what its user wants by signals that carry the card's own index."""

    text_typed = Signal(int, str)
    role_chosen = Signal(int, str)
    learning_chosen = Signal(int, bool)
    move_wanted = Signal(int, int)
    delete_wanted = Signal(int)
    add_wanted = Signal(int)
    focused = Signal(int)

    def __init__(self) -> None:
        super().__init__(margin=10, spacing=3)
        self.index = 0
        self.role = QComboBox()
        self.role.setProperty("kind", "role")
        self.role.setAccessibleName(self.tr("Who speaks"))
        self.role.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.role.activated.connect(self._choose_role)
        self.learn = QCheckBox(self.tr("learn from this reply"))
        self.learn.setProperty("kind", "learn")
        self.learn.setToolTip(
            self.tr("Switched off, the reply is only read as context (weight 0).")
        )
        self.learn.clicked.connect(self._choose_learning)
        self.problem = chip(tone="bad")
        self.tokens = label(kind="small")
        self.more = self._more_button()
        self.text = MessageBox()
        self.text.typed.connect(self._type)
        self.text.focused.connect(self._tell_focus)
        self.attachment = label(kind="small", wrap=True)
        head = row(self.role, self.learn, None, self.tokens, self.more, spacing=6)
        self.body.addLayout(head)
        self.body.addLayout(row(self.problem, None))
        self.body.addWidget(self.text)
        self.body.addWidget(self.attachment)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def show_message(self, index: int, message: Message) -> None:
        """Fill the card; a card is reused for other messages."""
        self.index = index
        self._show_role(message.role)
        set_property(self, "tone", TONES.get(message.role, "quiet"))
        is_assistant = message.role == ASSISTANT
        self.learn.setVisible(is_assistant)
        self.learn.setChecked(message.is_learned_from)
        self.text.setReadOnly(isinstance(message.content, tuple))
        self.text.setPlaceholderText(
            self.tr("Write what the model should have said…") if is_assistant else ""
        )
        self.text.setAccessibleName(self.tr("Message %1").replace("%1", str(index + 1)))
        self.text.fill(message.text)
        self.attachment.setText(self._attachments(message))
        self.attachment.setVisible(bool(self.attachment.text()))
        self.show_problem("")

    def show_problem(self, title: str) -> None:
        """Mark the card with what is wrong with it, or with nothing."""
        self.problem.setText(title)
        self.problem.setVisible(bool(title))
        set_property(self, "problem", bool(title))

    def show_tokens(self, count: int) -> None:
        self.tokens.setText(self.tr("%Ln token(s)", "", count))

    def _show_role(self, role: str) -> None:
        names = {
            "system": self.tr("SYSTEM INSTRUCTIONS"),
            "user": self.tr("USER"),
            "assistant": self.tr("ASSISTANT"),
            "tool": self.tr("TOOL"),
        }
        known = [*ROLES, role] if role not in ROLES else list(ROLES)
        self.role.clear()
        for name in known:
            self.role.addItem(names.get(name, name), name)
        self.role.setCurrentIndex(known.index(role))
        text = self.role.currentText()
        self.role.setFixedWidth(self.role.fontMetrics().horizontalAdvance(text) + 36)

    def _attachments(self, message: Message) -> str:
        lines = [
            self.tr("Calls the tool %1 with %2")
            .replace("%1", call.function.name)
            .replace("%2", call.function.arguments[:300])
            for call in message.tool_calls
        ]
        if isinstance(message.content, tuple):
            images = sum(part.image_url is not None for part in message.content)
            lines += [self.tr("%n image(s), kept as they are", "", images)] if images else []
        return "\n".join(lines)

    def _more_button(self) -> QToolButton:
        result = QToolButton()
        result.setProperty("compact", "true")
        more = QAction(icon("ellipsis"), self.tr("More for this message"), self)
        result.setDefaultAction(more)
        result.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(result)
        menu.addAction(icon("plus"), self.tr("Add a message above"), self._add_above)
        menu.addAction(icon("plus"), self.tr("Add a message below"), self._add_below)
        menu.addAction(icon("arrow-up"), self.tr("Move up\tAlt+Up"), self._move_up)
        menu.addAction(icon("arrow-down"), self.tr("Move down\tAlt+Down"), self._move_down)
        menu.addSeparator()
        menu.addAction(icon("trash-2"), self.tr("Delete this message"), self._delete)
        more.setMenu(menu)
        return result

    @Slot(str)
    def _type(self, text: str) -> None:
        self.text_typed.emit(self.index, text)

    @Slot()
    def _tell_focus(self) -> None:
        self.focused.emit(self.index)

    @Slot(int)
    def _choose_role(self, _position: int) -> None:
        self.role_chosen.emit(self.index, self.role.currentData())

    @Slot(bool)
    def _choose_learning(self, learned: bool) -> None:
        self.learning_chosen.emit(self.index, learned)

    @Slot()
    def _add_above(self) -> None:
        self.add_wanted.emit(self.index)

    @Slot()
    def _add_below(self) -> None:
        self.add_wanted.emit(self.index + 1)

    @Slot()
    def _move_up(self) -> None:
        self.move_wanted.emit(self.index, self.index - 1)

    @Slot()
    def _move_down(self) -> None:
        self.move_wanted.emit(self.index, self.index + 1)

    @Slot()
    def _delete(self) -> None:
        self.delete_wanted.emit(self.index)
