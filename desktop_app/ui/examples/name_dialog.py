"""Asks for a name."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop_app.ui.widgets.parts import button, column, label, row

LONGEST = 80
WIDTH = 360


class NameDialog(QDialog):
    """`named` carries what was written, without the spaces around it."""

    named = Signal(str)

    def __init__(self, title: str, reason: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        words = label(reason, "muted", wrap=True)
        self.line = QLineEdit()
        self.line.setAccessibleName(self.tr("Name"))
        self.line.setMaxLength(LONGEST)
        self.line.setMinimumWidth(WIDTH)
        self.line.textChanged.connect(self._follow)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.save = button(self.tr("Save"), "primary")
        self.save.setDefault(True)
        self.save.clicked.connect(self._take)
        layout = column(words, self.line, margin=20, spacing=12)
        layout.addLayout(row(None, cancel, self.save))
        self.setLayout(layout)
        self._follow("")

    @Slot(str)
    def _follow(self, text: str) -> None:
        self.save.setEnabled(bool(text.strip()))

    @Slot()
    def _take(self) -> None:
        self.named.emit(self.line.text().strip())
        self.accept()
