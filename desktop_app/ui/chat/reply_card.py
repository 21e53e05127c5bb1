"""A model's reply: its words, what it took, and what can be made of it."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, Qt
from PySide6.QtWidgets import QFrame, QWidget
from typing_extensions import override

from desktop_app.state.chat.chat import Chat
from desktop_app.state.chat.document import FAILED, STOPPED, STREAMING, Reply
from desktop_app.ui.chat.message_text import MessageText
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.flow_layout import wrapping_row
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row, set_tone


class ReplyCard(Card):
    """Shows the reply of one column in a turn; `fill` gives it another."""

    def __init__(self, chat: Chat, column_index: int) -> None:
        super().__init__(margin=14, spacing=6)
        self._chat = chat
        self._column = column_index
        self._turn = -1
        self._name = ElidedLabel("section", Qt.TextElideMode.ElideMiddle)
        self._measure = label("", "small")
        self._corrected = chip(self.tr("corrected"), "accent")
        self._kept = chip(self.tr("kept as example"), "good")
        self.text = MessageText()
        self._note = label("", "small", wrap=True)
        self._problem = self._make_problem()
        self._actions = self._make_actions()
        self._editing = self._make_editing()
        head = row(self._name, self._corrected, self._kept, self._measure)
        head.setStretch(0, 1)
        self.body.addLayout(head)
        for widget in (self.text, self._note, self._problem, self._actions, self._editing):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    @property
    def is_editing(self) -> bool:
        return not self.text.isReadOnly()

    def fill(self, turn: int) -> None:
        """Show the reply of a turn as it is now."""
        if turn != self._turn and self.is_editing:
            self._set_editing(False)
        self._turn = turn
        reply = self._reply
        set_tone(self, "reply" if reply.model.is_tuned else "")
        self._name.show_text(reply.model.name.upper())
        self._measure.setText(self._measured(reply))
        self._corrected.setVisible(bool(reply.corrected))
        self._kept.setVisible(self._chat.is_kept(turn, self._column))
        self.text.setAccessibleName(self.tr("Reply of {name}").format(name=reply.model.name))
        if not self.is_editing:
            self.text.show_text(reply.shown)
        self.text.setVisible(bool(reply.shown) or self.is_editing)
        note = self._noted(reply)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._fill_problem(reply)
        self._fill_actions(reply)
        self._editing.setVisible(self.is_editing)
        self._actions.updateGeometry()
        self.body.invalidate()
        self.updateGeometry()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_editing:
            self._cancel_editing()
        else:
            super().keyPressEvent(event)

    # Parts

    def _make_problem(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("kind", "notice")
        frame.setProperty("tone", "bad")
        self._reason = label("", wrap=True)
        self._detail = label("", "small", wrap=True)
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = button(self.tr("Details"), "quiet")
        self._details.setCheckable(True)
        self._details.toggled.connect(self._show_detail)
        retry = button(self.tr("Retry"), "small")
        retry.clicked.connect(self._retry)
        layout = column(self._reason, self._detail, margin=10, spacing=6)
        layout.addLayout(row(retry, self._details, None))
        frame.setLayout(layout)
        return frame

    def _make_actions(self) -> QWidget:
        self._keep = button(self.tr("Keep as example"), "small")
        self._keep.clicked.connect(self._keep_reply)
        self._fix = button(self.tr("Fix and keep as example"), "quiet-small")
        self._fix.clicked.connect(self._start_editing)
        copy = button(self.tr("Copy"), "quiet-small")
        copy.clicked.connect(self._copy)
        self._again = button(self.tr("Try again"), "quiet-small")
        self._again.clicked.connect(self._retry)
        return wrapping_row(self._keep, self._fix, copy, self._again, spacing=4)

    def _make_editing(self) -> QWidget:
        keep = button(self.tr("Keep as example"), "primary")
        keep.clicked.connect(self._keep_edited)
        cancel = button(self.tr("Cancel"), "quiet")
        cancel.clicked.connect(self._cancel_editing)
        return wrapping_row(keep, cancel, spacing=4)

    # Filling

    @property
    def _reply(self) -> Reply:
        return self._chat.document.turns[self._turn].replies[self._column]

    def _measured(self, reply: Reply) -> str:
        if reply.state == STREAMING:
            return self.tr("writing…")
        if reply.state == FAILED:
            return ""
        tokens = reply.tokens
        parts = [self.tr("%Ln token(s)", "", tokens)] if tokens is not None else []
        parts.append(self.tr("{s} s").format(s=f"{reply.seconds:.1f}"))
        return " · ".join(parts)

    def _noted(self, reply: Reply) -> str:
        if reply.state == STOPPED:
            return self.tr("Stopped here.")
        if reply.finish_reason == "length":
            return self.tr("Cut off: it reached the longest reply set at the left.")
        if reply.finish_reason == "content_filter":
            return self.tr("The service's content filter ended this reply.")
        if reply.state not in (STREAMING, FAILED) and not reply.shown.strip():
            return self.tr("The model answered nothing.")
        return ""

    def _fill_problem(self, reply: Reply) -> None:
        self._problem.setVisible(reply.state == FAILED)
        self._reason.setText(reply.problem)
        self._detail.setText(reply.detail)
        self._details.setVisible(bool(reply.detail))
        self._detail.setVisible(bool(reply.detail) and self._details.isChecked())

    def _fill_actions(self, reply: Reply) -> None:
        is_over = reply.state != STREAMING
        has_text = bool(reply.shown.strip())
        is_last = self._turn == len(self._chat.document.turns) - 1
        kept = self._chat.is_kept(self._turn, self._column)
        self._keep.setVisible(has_text and not kept and reply.state != FAILED)
        self._fix.setVisible(has_text)
        self._again.setVisible(is_last and reply.state != FAILED)
        self._again.setEnabled(not self._chat.is_streaming)
        shown = has_text or (is_last and reply.state != FAILED)
        self._actions.setVisible(is_over and shown and not self.is_editing)

    # Doing

    @Slot()
    def _keep_reply(self) -> None:
        self._chat.keep(self._turn, self._column)

    @Slot()
    def _start_editing(self) -> None:
        self._set_editing(True)
        self.fill(self._turn)

    @Slot()
    def _cancel_editing(self) -> None:
        self._set_editing(False)
        self.fill(self._turn)
        self._fix.setFocus()

    @Slot()
    def _keep_edited(self) -> None:
        text = self.text.toPlainText().strip()
        if text:
            self._set_editing(False)
            self._chat.correct_and_keep(self._turn, self._column, text)

    def _set_editing(self, editing: bool) -> None:
        self.text.setVisible(True)
        self.text.set_editing(editing)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._reply.shown)

    @Slot()
    def _retry(self) -> None:
        self._chat.retry(self._column)

    @Slot(bool)
    def _show_detail(self, checked: bool) -> None:
        self._detail.setVisible(checked)
