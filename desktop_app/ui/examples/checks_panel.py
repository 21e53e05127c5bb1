"""The right side of the Examples tab: what is wrong, and what is kept beside the words."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding
from desktop_app.core.examples.conversation import ASSISTANT
from desktop_app.core.examples.fixes import fix
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.ui.examples.finding_texts import fix_label_of, reason_of, title_of
from desktop_app.ui.widgets.flow_layout import FlowLayout
from desktop_app.ui.widgets.parts import Card, Panel, button, column, label, scrolling

EMPTY_REPLY, NO_REPLY = "empty_reply", "no_learned_reply"


class FindingCard(Card):
    """One finding: title, reason, and the buttons that mend it or let it be.

    Where only its user can mend it, by writing, the button leads to the place.
    """

    fix_wanted = Signal(object)
    accept_wanted = Signal(object)
    writing_wanted = Signal(object)

    def __init__(self, finding: Finding, fix_label: str, write_label: str = "") -> None:
        super().__init__(tone="bad" if finding.severity == BLOCKS else "", margin=12, spacing=6)
        self.finding = finding
        for text, kind in ((title_of(finding), "strong"), (reason_of(finding), "small")):
            words = label(text, kind, wrap=True)
            # What is quoted may be one long word, which must not widen the panel.
            words.setMinimumWidth(1)
            self.body.addWidget(words)
        buttons = FlowLayout(spacing=6)
        if fix_label:
            self.fix_button = button(fix_label, "small")
            self.fix_button.clicked.connect(self._want_fix)
            buttons.addWidget(self.fix_button)
        if write_label:
            self.write_button = button(write_label, "small")
            self.write_button.clicked.connect(self._want_writing)
            buttons.addWidget(self.write_button)
        if finding.severity == ADVICE:
            self.accept_button = button(self.tr("It’s fine"), "quiet-small")
            self.accept_button.clicked.connect(self._accept)
            buttons.addWidget(self.accept_button)
        if buttons.count():
            self.body.addLayout(buttons)

    @Slot()
    def _want_fix(self) -> None:
        self.fix_wanted.emit(self.finding)

    @Slot()
    def _want_writing(self) -> None:
        self.writing_wanted.emit(self.finding)

    @Slot()
    def _accept(self) -> None:
        self.accept_wanted.emit(self.finding)


class ChecksPanel(Panel):
    """Follows the edited conversation; what it is used for and more stands in `details`.

    `reply_wanted` asks for a new reply to be written, `message_wanted` for a message to write in.
    """

    reply_wanted = Signal()
    message_wanted = Signal(int)

    def __init__(self, edited: EditedConversation, details: QWidget) -> None:
        super().__init__("left", margin=0)
        self._edited = edited
        self.setMinimumWidth(280)
        inside = QWidget()
        layout = column(margin=16, spacing=10)
        inside.setLayout(layout)
        layout.addWidget(label(self.tr("CHECKS"), "section"))
        self._findings = QVBoxLayout()
        self._findings.setSpacing(9)
        layout.addLayout(self._findings)
        layout.addSpacing(8)
        layout.addWidget(details)
        layout.addStretch(1)
        self.body.addWidget(scrolling(inside))
        self._shown: tuple[bool, list[tuple[Finding, str]]] | None = None
        edited.findings_changed.connect(self._show)
        self._show()

    def finding_cards(self) -> list[FindingCard]:
        """The cards shown now, blocking findings first."""
        items = (self._findings.itemAt(place) for place in range(self._findings.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, FindingCard)]

    @Slot()
    def _show(self) -> None:
        wanted = [(finding, self._mend_of(finding)) for finding in self._edited.findings]
        # Told at every key, and nearly always the same: new cards would cost a frame.
        if self._shown != (self._edited.id is None, wanted):
            self._shown = (self._edited.id is None, wanted)
            self._show_cards(wanted)

    def _mend_of(self, finding: Finding) -> str:
        mends = fix(self._edited.conversation, finding) is not None
        return fix_label_of(finding) if mends else ""

    def _show_cards(self, wanted: list[tuple[Finding, str]]) -> None:
        while (item := self._findings.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for finding, mend in wanted:
            card = FindingCard(finding, mend, self._write_label(finding))
            card.writing_wanted.connect(self._lead_to)
            card.fix_wanted.connect(self._edited.apply_fix)
            card.accept_wanted.connect(self._edited.accept)
            self._findings.addWidget(card)
        if self._findings.count() == 0:
            self._findings.addWidget(label(self._nothing_found(), "muted", wrap=True))

    def _write_label(self, finding: Finding) -> str:
        if finding.code == EMPTY_REPLY:
            return self.tr("Write it")
        roles = {message.role for message in self._edited.conversation.all_messages}
        if finding.code == NO_REPLY and ASSISTANT not in roles:
            return self.tr("Write a reply")
        return ""

    @Slot(object)
    def _lead_to(self, finding: Finding) -> None:
        if finding.message_index is None:
            self.reply_wanted.emit()
        else:
            self.message_wanted.emit(finding.message_index)

    def _nothing_found(self) -> str:
        if self._edited.id is None:
            return self.tr("Choose a conversation to see what is found in it.")
        return self.tr("Nothing found. A service would accept this conversation.")
