"""The instructions that a conversation shares with others, above its messages."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy

from desktop_app.ui.widgets.flow_layout import wrapping_row
from desktop_app.ui.widgets.parts import Card, button, chip, isolated, label, row

MOST_SHOWN = 1500
"""Characters of shared instructions that are shown here; all of them are in the dialog."""


class SharedCard(Card):
    """Shows the text that is read from the project; it is changed in a dialog, for all."""

    edit_wanted = Signal()
    own_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(tone="dashed", margin=12, spacing=5)
        self.shared_by = chip()
        self.shared_by.setToolTip(
            self.tr("Conversations with system instructions of their own keep those.")
        )
        self.edit = button(self.tr("Edit for all…"), "link")
        self.edit.clicked.connect(self.edit_wanted)
        self.own = button(self.tr("Write its own for this conversation"), "link")
        self.own.clicked.connect(self.own_wanted)
        self.text = label(wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.body.addLayout(
            row(label(self.tr("INSTRUCTIONS"), "section"), self.shared_by, None, spacing=8)
        )
        self.body.addWidget(self.text)
        self.body.addWidget(wrapping_row(self.edit, self.own, spacing=2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str, tag: str) -> None:
        """Show shared instructions: of the whole project, or of a tag."""
        shown = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
        self.text.setText(shown)
        if tag:
            said = self.tr("shared by all tagged %1")
            self.shared_by.setText(said.replace("%1", isolated(tag)))
        else:
            self.shared_by.setText(self.tr("shared by the whole project"))
