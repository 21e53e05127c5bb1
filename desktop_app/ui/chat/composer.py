"""Under the chat: the box to write in, and Send or Stop."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget
from typing_extensions import override

from desktop_app.state.chat.chat import Chat
from desktop_app.ui.widgets.growing_text_edit import GrowingTextEdit
from desktop_app.ui.widgets.parts import Panel, button, label, row

HIGHEST = 190
BUTTON = QSize(76, 42)


class SayBox(GrowingTextEdit):
    """Enter sends, Shift+Enter begins a new line."""

    entered = Signal()

    @override
    def keyPressEvent(self, e: QKeyEvent) -> None:
        is_enter = e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not e.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
        else:
            super().keyPressEvent(e)


class Composer(Panel):
    """Sends to the chat in front."""

    def __init__(self, chat: Chat) -> None:
        super().__init__("top", margin=14, spacing=8)
        self._chat = chat
        self.box = SayBox(max_height=HIGHEST)
        self.box.setProperty("kind", "say")
        self.box.setPlaceholderText(self.tr("Write as a user would…"))
        self.box.setAccessibleName(self.tr("Your message"))
        self.box.entered.connect(self._send)
        self.send = button(self.tr("Send"), "primary")
        self.send.clicked.connect(self._send)
        self.stop = button(self.tr("Stop"), "primary")
        self.stop.clicked.connect(chat.stop)
        self._buttons = QStackedWidget()
        for each in (self.send, self.stop):
            each.setMinimumSize(BUTTON)
            self._buttons.addWidget(each)
        self._buttons.setFixedSize(BUTTON)
        self._status = label("", "small")
        keys = label(self.tr("Enter sends · Shift+Enter new line · Esc stops"), "small")
        line = row(self.box, self._buttons, spacing=10)
        line.setAlignment(self._buttons, Qt.AlignmentFlag.AlignBottom)
        for each_line in (line, row(self._status, None, keys)):
            each_line.setContentsMargins(8, 0, 8, 0)
            self.body.addLayout(each_line)
        self.box.typed.connect(self._enable)
        chat.streaming_changed.connect(self._follow)
        chat.settings_changed.connect(self._follow)
        chat.replaced.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        streaming = self._chat.is_streaming
        had_focus = self.send.hasFocus() or self.stop.hasFocus()
        self._buttons.setCurrentWidget(self.stop if streaming else self.send)
        if had_focus:
            self.box.setFocus()
        self._enable()
        tokens = self._chat.document.tokens
        told = self.tr("This chat: {n} tokens read and written").format(n=f"{tokens:,}")
        self._status.setText(told if tokens else "")

    @Slot()
    def _enable(self) -> None:
        has_model = self._chat.document.model is not None
        self.send.setEnabled(has_model and bool(self.box.toPlainText().strip()))

    @Slot()
    def _send(self) -> None:
        if self.send.isEnabled() and not self._chat.is_streaming:
            text = self.box.toPlainText().strip()
            self.box.fill("")
            self._chat.send(text)
