"""The right side of the Examples tab: what is wrong, and what the conversation is used for."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QVBoxLayout, QWidget

from desktop_app.core.examples.checks import BLOCKS, Finding
from desktop_app.core.examples.fixes import fix
from desktop_app.state.examples.conversation_list import ENCODING
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.storage.project.rows import Split
from desktop_app.ui.examples.finding_texts import fix_label_of, reason_of, title_of
from desktop_app.ui.widgets.parts import Card, Panel, button, column, label, row, scrolling


class FindingCard(Card):
    """One finding: title, reason, and the button that mends it."""

    fix_wanted = Signal(object)

    def __init__(self, finding: Finding, fix_label: str) -> None:
        super().__init__(tone="bad" if finding.severity == BLOCKS else "", margin=12, spacing=6)
        self.finding = finding
        self.body.addWidget(label(title_of(finding), "strong", wrap=True))
        self.body.addWidget(label(reason_of(finding), "small", wrap=True))
        if fix_label:
            self.fix_button = button(fix_label, "small")
            self.fix_button.clicked.connect(self._want_fix)
            self.body.addLayout(row(self.fix_button, None))

    @Slot()
    def _want_fix(self) -> None:
        self.fix_wanted.emit(self.finding)


class ChecksPanel(Panel):
    """Follows the edited conversation."""

    def __init__(self, edited: EditedConversation) -> None:
        super().__init__("left", margin=0)
        self._edited = edited
        self.setMinimumWidth(230)
        inside = QWidget()
        layout = column(margin=16, spacing=10)
        inside.setLayout(layout)
        layout.addWidget(label(self.tr("CHECKS"), "section"))
        self._findings = QVBoxLayout()
        self._findings.setSpacing(9)
        layout.addLayout(self._findings)
        layout.addSpacing(8)
        layout.addWidget(label(self.tr("THIS CONVERSATION"), "section"))
        layout.addLayout(self._facts())
        layout.addStretch(1)
        self.body.addWidget(scrolling(inside))
        edited.findings_changed.connect(self._show)
        self._show()

    def finding_cards(self) -> list[FindingCard]:
        """The cards shown now, blocking findings first."""
        items = (self._findings.itemAt(place) for place in range(self._findings.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, FindingCard)]

    def _facts(self) -> QFormLayout:
        self.split = QComboBox()
        self.split.addItem(self.tr("Training"), Split.TRAINING)
        self.split.addItem(self.tr("Test (held out)"), Split.TEST)
        self.split.activated.connect(self._choose_split)
        self.tokens = label()
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        used_for = label(self.tr("Used for"), "muted")
        used_for.setBuddy(self.split)
        form.addRow(used_for, self.split)
        form.addRow(label(self.tr("Tokens"), "muted"), self.tokens)
        return form

    @Slot()
    def _show(self) -> None:
        while (item := self._findings.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for finding in sorted(self._edited.findings, key=lambda f: f.severity != BLOCKS):
            mends = fix(self._edited.conversation, finding) is not None
            card = FindingCard(finding, fix_label_of(finding) if mends else "")
            card.fix_wanted.connect(self._edited.apply_fix)
            self._findings.addWidget(card)
        if self._findings.count() == 0:
            fine = self.tr("Nothing found. A service would accept this conversation.")
            self._findings.addWidget(label(fine, "muted", wrap=True))
        self.show_facts()

    @Slot()
    def show_facts(self) -> None:
        """Show what the project keeps beside the words, as after tokens were counted."""
        facts = self._edited.row(ENCODING)
        self.setEnabled(facts is not None)
        if facts is None:
            return
        self.split.setCurrentIndex(int(facts.split))
        counted = f"{facts.tokens:,}" if facts.tokens is not None else self.tr("counting…")
        self.tokens.setText(counted)

    @Slot(int)
    def _choose_split(self, _position: int) -> None:
        self._edited.set_split(Split(self.split.currentData()))
