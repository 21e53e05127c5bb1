"""Pasting conversations: a table, a chat or JSON, seen before it is taken in."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QSplitter, QWidget

from desktop_app.state.examples.exchange.looking import Looking
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.ui.examples.exchange.look_pane import LookPane
from desktop_app.ui.widgets.parts import button, column, label, row

LOOK_AFTER_MS = 250
MOST_EDITED = 200_000
"""Characters that a text box lays out quickly; a longer text is taken as it is, its head shown."""


class PasteDialog(QDialog):
    """`wanted` carries a Look at what was pasted."""

    wanted = Signal(object)

    def __init__(self, text: str, looking: Looking, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Paste conversations"))
        self.resize(1000, 640)
        self._whole = text if len(text) > MOST_EDITED else ""
        self.pane = LookPane(looking, has_encoding=False)
        self.pane.changed.connect(self._show)
        self.finished.connect(self.pane.stop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look)
        self._build_text(text)
        self._lay_out()
        self._show()
        self.look()

    def _build_text(self, text: str) -> None:
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("What is pasted"))
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(
            self.tr("Rows copied from a spreadsheet, a chat with “Name: …” lines, or JSON.")
        )
        self.text.setPlainText(text[:MOST_EDITED])
        self.text.setReadOnly(bool(self._whole))
        self.text.textChanged.connect(self._timer.start)
        self.cut = label(self.tr("The text is long. Its beginning is shown, all of it is taken."),
                         "small", wrap=True)  # fmt: skip
        self.cut.setVisible(bool(self._whole))

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        inside = column(label(self.tr("WHAT IS PASTED"), "section"), self.text, self.cut)
        inside.setStretch(1, 1)
        left.setLayout(inside)
        around = column(label(self.tr("WHAT COMES OF IT"), "section"), self.pane)
        around.setStretch(1, 1)
        around.setContentsMargins(12, 0, 0, 0)
        right.setLayout(around)
        parts = QSplitter()
        parts.setProperty("kind", "gap")
        parts.addWidget(left)
        parts.addWidget(right)
        parts.setSizes([460, 520])
        parts.setChildrenCollapsible(False)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.go_on = button("", "primary")
        self.go_on.clicked.connect(self._decide)
        layout = column(parts, margin=18, spacing=12)
        layout.setStretch(0, 1)
        layout.addLayout(row(None, cancel, self.go_on))
        self.setLayout(layout)

    @Slot()
    def look(self) -> None:
        """Look at the text now."""
        self._timer.stop()
        text = self._whole or self.text.toPlainText()
        self.go_on.setEnabled(False)
        if text.strip():
            self.pane.look_at(Source.of_text(self.tr("Pasted text"), text))
        else:
            self.pane.clear()

    @Slot()
    def _show(self) -> None:
        is_table = self.pane.is_table
        self.go_on.setText(self.tr("Choose columns…") if is_table else self.tr("Import"))
        self.go_on.setEnabled(self.pane.can_import and not self._timer.isActive())

    @Slot()
    def _decide(self) -> None:
        look = self.pane.look
        if look is not None:
            self.wanted.emit(look)
            self.accept()
