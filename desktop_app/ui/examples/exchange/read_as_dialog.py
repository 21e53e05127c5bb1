"""How a file is to be read, where that is not evident or its user knows better."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from desktop_app.state.examples.exchange.looking import Look, Looking
from desktop_app.ui.examples.exchange.look_pane import LookPane
from desktop_app.ui.widgets.parts import button, column, isolated, label, row


class ReadAsDialog(QDialog):
    """`wanted` carries a Look, once its user has seen what comes of it."""

    wanted = Signal(object)

    def __init__(self, look: Look, looking: Looking, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import conversations"))
        self.resize(720, 640)
        self.pane = LookPane(looking)
        self.pane.changed.connect(self._show)
        self.finished.connect(self.pane.stop)
        title = self.tr("How should %1 be read?").replace("%1", isolated(look.source.name))
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.go_on = button("", "primary")
        self.go_on.clicked.connect(self._decide)
        layout = column(label(title, "heading", wrap=True), self.pane, margin=18, spacing=12)
        layout.setStretch(1, 1)
        layout.addLayout(row(None, cancel, self.go_on))
        self.setLayout(layout)
        self.pane.show_look(look)

    @Slot()
    def _show(self) -> None:
        is_table = self.pane.is_table
        self.go_on.setText(self.tr("Choose columns…") if is_table else self.tr("Import"))
        self.go_on.setEnabled(self.pane.can_import)

    @Slot()
    def _decide(self) -> None:
        look = self.pane.look
        if look is not None:
            self.wanted.emit(look)
            self.accept()
