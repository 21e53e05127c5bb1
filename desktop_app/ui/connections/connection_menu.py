"""The menu of the connection picker: connections, their base models, keys."""

from dataclasses import dataclass

from PySide6.QtCore import Signal, SignalInstance, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.provider.connections.profile import ConnectionProfile
from desktop_app.state.connections.closing_dates import closing_note
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.ui.connections.status_words import dot_icon, word
from desktop_app.ui.icons import icon
from desktop_app.ui.theme import Theme

INDENT = "    "


@dataclass(frozen=True)
class Target:
    """What an entry of the menu leads to; `model` is "" for the connection as it is."""

    connection: str
    model: str = ""


class ConnectionMenu(QMenu):
    """Built anew each time it is shown."""

    key_wanted = Signal()
    adding_wanted = Signal()
    dialog_wanted = Signal()

    def __init__(self, connections: Connections, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._connections = connections
        self._theme = theme
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.rebuild)
        self.triggered.connect(self._go)

    @Slot()
    def rebuild(self) -> None:
        """Fill the menu with what is known now."""
        self.clear()
        for profile in self._connections.profiles():
            self._add_connection(profile)
            self.addSeparator()
        self._add_command("key-round", self.tr("Key…"), self.key_wanted).setEnabled(
            bool(self._connections.active.base_url)
        )
        self._add_command("plus", self.tr("Add a connection…"), self.adding_wanted)
        self._add_command("settings", self.tr("Connections…"), self.dialog_wanted)

    def _add_connection(self, profile: ConnectionProfile) -> None:
        status = self._connections.status_of(profile.id)
        is_active = profile == self._connections.active
        head = self.addAction(f"{profile.name}\t{word(status)}")
        head.setIcon(dot_icon(status, self._theme.colours, self.devicePixelRatioF()))
        head.setData(Target(profile.id))
        font = head.font()
        font.setBold(is_active)
        head.setFont(font)
        for sentence in closing_note(profile, self._connections.today()).splitlines():
            self.addAction(INDENT + sentence).setEnabled(False)
        for model in self._connections.base_models(profile.id):
            entry = self.addAction(INDENT + short_name(model))
            entry.setCheckable(True)
            entry.setChecked(is_active and model == self._connections.base_model)
            entry.setToolTip(model)
            entry.setData(Target(profile.id, model))

    def _add_command(self, icon_name: str, text: str, signal: SignalInstance) -> QAction:
        action = self.addAction(icon(icon_name), text)
        action.triggered.connect(signal)
        return action

    @Slot(QAction)
    def _go(self, action: QAction) -> None:
        target = action.data()
        if not isinstance(target, Target):
            return
        if target.model:
            self._connections.use(target.connection, target.model)
        else:
            self._connections.set_active(target.connection)
