"""The box at the top right: which connection is in use, how it is, and its base model."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPalette
from PySide6.QtWidgets import QLabel, QPushButton
from typing_extensions import override

from desktop_app.state.connections.closing_dates import closing_note
from desktop_app.state.connections.connections import Connections, ConnectionStatus
from desktop_app.state.connections.model_names import short_name
from desktop_app.ui.connections.connection_menu import ConnectionMenu
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.connections.status_words import dot, word
from desktop_app.ui.icons import icon
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import label, row

WIDTH, HEIGHT = 260, 33
OPENING_KEYS = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ConnectionPicker(QPushButton):
    """Opens its menu on a click, Space, Enter or an arrow key."""

    def __init__(self, connections: Connections, theme: Theme) -> None:
        super().__init__()
        self._connections = connections
        self._theme = theme
        self._dot = QLabel()
        self._name = label()
        self._model = label(kind="muted")
        self._chevron = QLabel()
        layout = row(self._dot, self._name, self._model, None, self._chevron, spacing=7)
        layout.setContentsMargins(11, 0, 10, 0)
        self.setLayout(layout)
        for part in (self._dot, self._name, self._model, self._chevron):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(WIDTH, HEIGHT)
        self.setAutoDefault(False)
        self.connection_menu = ConnectionMenu(connections, theme, self)
        self.connection_menu.key_wanted.connect(self.show_dialog)
        self.connection_menu.dialog_wanted.connect(self.show_dialog)
        self.connection_menu.adding_wanted.connect(self.show_adding)
        self.clicked.connect(self.show_menu)
        connections.changed.connect(self._refresh)
        theme.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def show_menu(self) -> None:
        """Open the menu below the box, right edges in line."""
        corner = self.mapToGlobal(QPoint(self.width(), self.height() + 3))
        self.connection_menu.rebuild()
        corner -= QPoint(self.connection_menu.sizeHint().width(), 0)
        self.connection_menu.popup(corner)

    @Slot()
    def show_dialog(self) -> None:
        """Open the connections, with the active one in front."""
        dialog = ConnectionsDialog(self._connections, self._theme, self.window())
        dialog.show_connection(self._connections.active.id)
        dialog.open()

    @Slot()
    def show_adding(self) -> None:
        """Open the connections with an empty form for a new one."""
        dialog = ConnectionsDialog(self._connections, self._theme, self.window())
        dialog.show_adding()
        dialog.open()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in OPENING_KEYS:
            self.show_menu()
        else:
            super().keyPressEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_model"):
            self._refresh()

    @Slot()
    def _refresh(self) -> None:
        profile, status = self._connections.active, self._connections.status
        scale = self.devicePixelRatioF()
        self._dot.setPixmap(dot(status, self._theme.colours, scale))
        chevron = icon("chevron-down", QPalette.ColorRole.ButtonText)
        self._chevron.setPixmap(chevron.pixmap(QSize(14, 14), scale))
        self._name.setText(self._shortened(profile.name, WIDTH * 6 // 10))
        model = short_name(self._connections.base_model)
        asks = status in (ConnectionStatus.READY, ConnectionStatus.UNKNOWN)
        beside = model if asks and model else word(status)
        taken = self._name.sizeHint().width() + 75
        self._model.setText(self._shortened(beside, WIDTH - taken))
        note = closing_note(profile, self._connections.today())
        self.setToolTip("\n".join(filter(None, (f"{profile.name}: {word(status)}", model, note))))
        self.setAccessibleName(
            self.tr("Connection: {name}, {model}, {status}").format(
                name=profile.name, model=model, status=word(status)
            )
        )

    def _shortened(self, text: str, room: int) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
