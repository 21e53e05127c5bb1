"""The base models of an engine: those that are there and those that can be fetched."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QWidget,
)
from typing_extensions import override

from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost.texts import day_of
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.ui.connections.status_words import toned_icon
from desktop_app.ui.icons import icon
from desktop_app.ui.models.adapter_dialog import AdapterDialog
from desktop_app.ui.models.model_pane import ModelPane
from desktop_app.ui.models.model_rows import BY_NAME, ENTRY, HEADING, HERE, Row, rows
from desktop_app.ui.models.name_pane import NamePane
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.calm_list import CalmList
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Panel, button, column, label, row, scrolling

ROW = Qt.ItemDataRole.UserRole
LIST_WIDTH = 262
SMALL = 0.85


class ModelsDialog(QDialog):
    """Frees itself when it is closed; what is being fetched goes on."""

    def __init__(
        self, connections: Connections, connection_id: str, theme: Theme, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        models = connections.models_at(connection_id)
        self._models: EngineModels = models or connections.models_here
        self._connections = connections
        self._connection_id = connection_id
        self._theme = theme
        self._shown: list[Row] = []
        self._taken = ""
        self._paths: list[str] = []
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Models"))
        self.resize(880, 600)
        self.list = CalmList()
        self.list.setProperty("kind", "choices")
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setIconSize(QSize(16, 16))
        self.add = button(self.tr("Add from this computer"), "quiet", "plus")
        self.pane = ModelPane(self._models)
        self.by_name = NamePane(self._models)
        self.nothing = EmptyState("bot", self.tr("The engine is asked…"), "")
        self.panes = QStackedWidget()
        for pane in (self.nothing, scrolling(self.pane), self.by_name):
            self.panes.addWidget(pane)
        self.source = label(kind="small", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.again = button(self.tr("Ask again"))
        self._fill_add_menu()
        self._lay_out()
        self._connect()
        self._refresh()

    def _fill_add_menu(self) -> None:
        menu = QMenu(self.add)
        self.take_file = menu.addAction(icon("file-plus"), self.tr("A model file (GGUF)…"))
        self.take_folder = menu.addAction(
            icon("folder-open"), self.tr("A model folder (safetensors)…")
        )
        self.take_adapter = menu.addAction(icon("plus"), self.tr("An adapter trained elsewhere…"))
        self.add.setMenu(menu)
        # An engine elsewhere takes an adapter over the network, but no gigabytes of a model.
        for action in (self.take_file, self.take_folder):
            action.setVisible(self._models.is_local)

    def _lay_out(self) -> None:
        left = Panel("right", margin=12)
        left.setFixedWidth(LIST_WIDTH)
        left.body.addWidget(self.list, 1)
        left.body.addWidget(self.add)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        right = column(self.panes, self.problem, margin=20, spacing=12)
        below = row(self.source, self.again, close, spacing=10)
        below.setStretch(0, 1)
        right.addLayout(below)
        layout = row(left, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)

    def _connect(self) -> None:
        self._models.changed.connect(self._refresh)
        self._models.added.connect(self._note_taken)
        self._connections.changed.connect(self._refresh)
        self._theme.changed.connect(self._refresh)
        self.list.currentItemChanged.connect(self._choose)
        self.list.itemClicked.connect(self._go_in)
        self.list.itemActivated.connect(self._go_in)
        self.by_name.found.connect(self.show_entry)
        self.pane.chosen.connect(self._start_from)
        self.again.clicked.connect(self._models.look)
        self.take_file.triggered.connect(self.choose_file)
        self.take_folder.triggered.connect(self.choose_folder)
        self.take_adapter.triggered.connect(self._show_adapter)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._models.look()

    # Which one

    @Slot(str)
    def show_entry(self, hub: str) -> None:
        """Bring a model that can be fetched, or has been, to the front."""
        entry = self._models.entry(hub)
        keys = ((ENTRY, hub), (HERE, entry.id if entry else ""))
        self._refresh()
        for place, shown in enumerate(self._shown):
            if (shown.kind, shown.key) in keys:
                self.list.setCurrentRow(place)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        chosen = item.data(ROW) if item is not None else None
        if not isinstance(chosen, Row):
            return
        if chosen.kind == BY_NAME:
            self.panes.setCurrentWidget(self.by_name)
            return
        base = self._models.base(chosen.key) if chosen.kind == HERE else None
        entry = self._models.entry(chosen.key) if chosen.kind == ENTRY else None
        if base is not None:
            self.pane.show_base(base, self._connections.base_model_of(self._connection_id))
        elif entry is not None:
            self.pane.show_entry(entry)
        self.panes.setCurrentIndex(1)

    @Slot(QListWidgetItem)
    def _go_in(self, item: QListWidgetItem) -> None:
        """A click, or Enter, leads to the field for a name; arrow keys only pass by."""
        chosen = item.data(ROW)
        if isinstance(chosen, Row) and chosen.kind == BY_NAME:
            self.by_name.name.setFocus()

    @Slot(str)
    def _start_from(self, id: str) -> None:
        self._connections.use(self._connection_id, id)

    # The list

    @Slot()
    def _refresh(self) -> None:
        before = self.list.currentItem()
        chosen = before.data(ROW) if before is not None else None
        found = rows(self._models)
        scale = self.devicePixelRatioF()
        with QSignalBlocker(self.list):
            if [(r.kind, r.key) for r in found] != [(r.kind, r.key) for r in self._shown]:
                self._refill(found, chosen)
            for place, shown in enumerate(found):
                item = self.list.item(place)
                item.setData(ROW, shown)
                item.setText(shown.text)
                if shown.kind in (HERE, ENTRY):
                    item.setIcon(toned_icon(shown.tone, self._theme.colours, scale))
        self._shown = found
        self.by_name.refresh()
        self._choose(self.list.currentItem())
        self._refresh_below()

    def _refill(self, found: list[Row], chosen: object) -> None:
        """Fill the list anew; what was chosen stays so, also where it has just arrived."""
        self.list.clear()
        arrived = ""
        if isinstance(chosen, Row) and chosen.kind == ENTRY:
            entry = self._models.entry(chosen.key)
            arrived = entry.id if entry else ""
        for place, shown in enumerate(found):
            item = QListWidgetItem()
            self.list.addItem(item)
            if shown.kind == HEADING:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                item.setFont(self._heading_font())
            if shown.kind == BY_NAME:
                item.setIcon(icon("search"))
            same = isinstance(chosen, Row) and (chosen.kind, chosen.key) == (shown.kind, shown.key)
            if same or (arrived and (shown.kind, shown.key) == (HERE, arrived)):
                self.list.setCurrentRow(place)
        if self.list.currentRow() < 0 and len(found) > 3:
            self.list.setCurrentRow(1 if found[1].kind != HEADING else 2)

    def _heading_font(self) -> QFont:
        font = self.list.font()
        font.setPointSizeF(font.pointSizeF() * SMALL)
        font.setWeight(QFont.Weight.DemiBold)
        return font

    @Slot(str)
    def _note_taken(self, id: str) -> None:
        """Say where a tuned model is found, as it stands in no list here."""
        self._taken = id if id.startswith("ft:") else ""

    def _refresh_below(self) -> None:
        catalogue = self._models.catalogue
        text = ""
        if catalogue is not None and catalogue.as_of:
            text = self.tr("Catalogue of {day}").format(day=day_of(catalogue.as_of))
            self.source.setToolTip(catalogue.source)
        if self._taken:
            text = self.tr("“{name}” is kept. Chat and Evaluate offer it among the tuned models.")
            text = text.format(name=short_name(self._taken))
        if any(self._models.is_busy(path) for path in self._paths):
            text = self.tr("The model is being checked and copied…")
        self.source.setText(text)
        problems = [self._models.problem, *map(self._models.problem_of, self._paths)]
        problem = "\n".join(filter(None, problems))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.again.setVisible(bool(self._models.problem))
        self.again.setEnabled(not self._models.is_looking)

    # From this computer

    @Slot()
    def choose_file(self) -> None:
        """Let the user choose a GGUF file; it is checked and copied by the engine."""
        dialog = QFileDialog(self, self.tr("Take a model file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Models (*.gguf)"), self.tr("All files (*)")])
        self._open_chooser(dialog)

    @Slot()
    def choose_folder(self) -> None:
        """Let the user choose a folder with config.json and *.safetensors."""
        dialog = QFileDialog(self, self.tr("Take a model folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._open_chooser(dialog)

    def _open_chooser(self, dialog: QFileDialog) -> None:
        dialog.fileSelected.connect(self.take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def take(self, path: str) -> None:
        """Have a model of this computer copied into the engine's store."""
        self._paths = [path]
        self._models.take_model(Path(path))

    @Slot()
    def _show_adapter(self) -> None:
        AdapterDialog(self._models, self).open()
