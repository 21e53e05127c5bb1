"""Questions asked before something is paid or lost. Each names what it is about on its buttons."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget


class Question(QMessageBox):
    """`confirmed` comes if the user says so; anything else leaves all as it was."""

    confirmed = Signal()

    def __init__(
        self, parent: QWidget, title: str, text: str, more: str, action: str, refusal: str
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.NoIcon)
        self.setWindowTitle(title)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setInformativeText(more)
        self.action = self.addButton(action, QMessageBox.ButtonRole.AcceptRole)
        self.refusal = self.addButton(refusal, QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.refusal)
        self.setEscapeButton(self.refusal)
        self.buttonClicked.connect(self._take)

    @Slot(QAbstractButton)
    def _take(self, pressed: QAbstractButton) -> None:
        if pressed is self.action:
            self.confirmed.emit()
