"""The right side of the Examples tab: what is wrong, and what is kept beside the words."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding
from desktop_app.core.examples.fixes import fix
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.ui.examples.finding_texts import fix_label_of, reason_of, title_of
from desktop_app.ui.widgets.parts import Card, Panel, button, column, label, row, scrolling


class FindingCard(Card):
    """One finding: title, reason, and the buttons that mend it or let it be."""

    fix_wanted = Signal(object)
    accept_wanted = Signal(object)

    def __init__(self, finding: Finding, fix_label: str) -> None:
        super().__init__(tone="bad" if finding.severity == BLOCKS else "", margin=12, spacing=6)
        self.finding = finding
        self.body.addWidget(label(title_of(finding), "strong", wrap=True))
        self.body.addWidget(label(reason_of(finding), "small", wrap=True))
        buttons = row(spacing=6)
        if fix_label:
            self.fix_button = button(fix_label, "small")
            self.fix_button.clicked.connect(self._want_fix)
            buttons.addWidget(self.fix_button)
        if finding.severity == ADVICE:
            self.accept_button = button(self.tr("It’s fine"), "quiet-small")
            self.accept_button.clicked.connect(self._accept)
            buttons.addWidget(self.accept_button)
        if buttons.count():
            buttons.addStretch(1)
            self.body.addLayout(buttons)

    @Slot()
    def _want_fix(self) -> None:
        self.fix_wanted.emit(self.finding)

    @Slot()
    def _accept(self) -> None:
        self.accept_wanted.emit(self.finding)


class ChecksPanel(Panel):
    """Follows the edited conversation; what it is used for and more stands in `details`."""

    def __init__(self, edited: EditedConversation, details: QWidget) -> None:
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
        layout.addWidget(details)
        layout.addStretch(1)
        self.body.addWidget(scrolling(inside))
        edited.findings_changed.connect(self._show)
        self._show()

    def finding_cards(self) -> list[FindingCard]:
        """The cards shown now, blocking findings first."""
        items = (self._findings.itemAt(place) for place in range(self._findings.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, FindingCard)]

    @Slot()
    def _show(self) -> None:
        while (item := self._findings.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for finding in self._edited.findings:
            mends = fix(self._edited.conversation, finding) is not None
            card = FindingCard(finding, fix_label_of(finding) if mends else "")
            card.fix_wanted.connect(self._edited.apply_fix)
            card.accept_wanted.connect(self._edited.accept)
            self._findings.addWidget(card)
        if self._findings.count() == 0:
            self._findings.addWidget(label(self._nothing_found(), "muted", wrap=True))

    def _nothing_found(self) -> str:
        if self._edited.id is None:
            return self.tr("Choose a conversation to see what is found in it.")
        return self.tr("Nothing found. A service would accept this conversation.")
