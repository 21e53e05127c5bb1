"""All connections: the list on the left, the chosen one on the right."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtWidgets import QDialog, QListWidgetItem, QStackedWidget, QWidget

from desktop_app.state.connections.connections import Connections
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.connections.engine_pane import EnginePane
from desktop_app.ui.connections.service_pane import ServicePane
from desktop_app.ui.connections.status_words import dot_icon
from desktop_app.ui.models.models_dialog import ModelsDialog
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.calm_list import CalmList
from desktop_app.ui.widgets.parts import Panel, button, column, row, scrolling

ID = Qt.ItemDataRole.UserRole


class ConnectionsDialog(QDialog):
    """Frees itself when it is closed."""

    def __init__(self, connections: Connections, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Connections"))
        self.resize(820, 560)
        self._connections = connections
        self._theme = theme
        self.list = CalmList()
        self.list.setProperty("kind", "choices")
        self.list.setAccessibleName(self.tr("Connections"))
        self.list.setIconSize(QSize(16, 16))
        self.add_button = button(self.tr("Add a connection…"), "quiet", "plus")
        self.use = button(self.tr("Use it from now on"))
        self.engine_pane = EnginePane(connections)
        self.service_pane = ServicePane(connections)
        self.panes = QStackedWidget()
        self._scrolled = {pane: scrolling(pane) for pane in (self.engine_pane, self.service_pane)}
        for pane in self._scrolled.values():
            self.panes.addWidget(pane)
        self._lay_out()
        self.list.currentItemChanged.connect(self._choose)
        self.add_button.clicked.connect(self.show_adding)
        self.use.clicked.connect(self._use)
        self.service_pane.saved.connect(self.show_connection)
        self.engine_pane.models_wanted.connect(self._show_models)
        self.service_pane.models_wanted.connect(self._show_models)
        connections.changed.connect(self._refresh)
        theme.changed.connect(self._refresh)
        self.show_connection(connections.active.id)

    def _lay_out(self) -> None:
        left = Panel("right", margin=12)
        left.setFixedWidth(220)
        left.body.addWidget(self.list, 1)
        left.body.addWidget(self.add_button)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        right = column(self.panes, margin=20, spacing=14)
        right.addLayout(row(None, self.use, close))
        layout = row(left, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)

    @Slot(str)
    def show_connection(self, connection_id: str) -> None:
        """Bring a connection to the front."""
        self._refresh()
        for place in range(self.list.count()):
            if self.list.item(place).data(ID) == connection_id:
                self.list.setCurrentRow(place)
        self._choose(self.list.currentItem())

    @Slot()
    def show_adding(self) -> None:
        """Bring an empty form for a new connection to the front."""
        self.list.setCurrentRow(-1)
        self.service_pane.show_adding()
        self.panes.setCurrentWidget(self._scrolled[self.service_pane])
        self.service_pane.kind.setFocus()
        self._refresh_use()

    @Slot()
    @Slot(str)
    def _show_models(self, connection_id: str = THIS_COMPUTER) -> None:
        ModelsDialog(self._connections, connection_id, self._theme, self).open()

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        self._refresh_use()
        profile = self._connections.profile(str(item.data(ID))) if item is not None else None
        if profile is None:
            return
        if profile.id == THIS_COMPUTER:
            self.panes.setCurrentWidget(self._scrolled[self.engine_pane])
            return
        self.service_pane.show_profile(profile)
        self.panes.setCurrentWidget(self._scrolled[self.service_pane])

    @property
    def _chosen(self) -> str:
        item = self.list.currentItem()
        return str(item.data(ID)) if item is not None else ""

    @Slot()
    def _use(self) -> None:
        self._connections.set_active(self._chosen)
        self.list.setFocus()

    def _refresh_use(self) -> None:
        """The one that jobs and chats go to is in bold; any other can be that one."""
        self.use.setVisible(self._chosen not in ("", self._connections.active.id))

    @Slot()
    def _refresh(self) -> None:
        current = self.list.currentItem()
        chosen = current.data(ID) if current is not None else None
        scale = self.devicePixelRatioF()
        with QSignalBlocker(self.list):
            self.list.clear()
            for profile in self._connections.profiles():
                item = QListWidgetItem(profile.name)
                status = self._connections.status_of(profile.id)
                item.setIcon(dot_icon(status, self._theme.colours, scale))
                item.setData(ID, profile.id)
                font = self.list.font()
                font.setBold(profile == self._connections.active)
                item.setFont(font)
                self.list.addItem(item)
                if profile.id == chosen:
                    self.list.setCurrentItem(item)
        self._refresh_use()
