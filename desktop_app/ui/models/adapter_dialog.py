"""Taking an adapter that was trained elsewhere: from which folder, on which model, its name."""

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget
from typing_extensions import override

from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.models.model_words import title_of
from desktop_app.ui.jobs.calm_combo_box import CalmComboBox
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.field_grid import field_grid
from desktop_app.ui.widgets.parts import button, column, label, row
from desktop_app.ui.widgets.room import make_room

WIDTH = 520


class AdapterDialog(QDialog):
    """Frees itself when it is closed; closes itself once the adapter has been taken."""

    def __init__(self, models: EngineModels, parent: QWidget) -> None:
        super().__init__(parent)
        self._models = models
        self._folder: Path | None = None
        self._asked = ""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Take an adapter"))
        self.setMinimumWidth(WIDTH)
        self.folder = ElidedLabel()
        self.browse = button(self.tr("Choose…"))
        self.name = QLineEdit()
        self.name.setMaxLength(64)
        self.base = CalmComboBox()
        self.state = label(kind="muted", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.take = button(self.tr("Take it"), "primary")
        self.take.setDefault(True)
        self.leave = button(self.tr("Cancel"))
        self._lay_out()
        self.browse.clicked.connect(self.choose_folder)
        self.name.textChanged.connect(self._refresh)
        self.take.clicked.connect(self._take)
        self.leave.clicked.connect(self.reject)
        models.changed.connect(self._refresh)
        models.added.connect(self._added)
        self._refresh()

    def _lay_out(self) -> None:
        layout = column(margin=20, spacing=14)
        layout.addWidget(label(self.tr("Take an adapter trained elsewhere"), "title"))
        text = self.tr(
            "A LoRA adapter is what a model has learned, without the model (PEFT: "
            "adapter_config.json and adapter_model.safetensors in one folder). It is checked and "
            "copied, and is one of the engine's tuned models from then on."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        self.base.addItem(self.tr("The one that it fits"), None)
        for base in self._models.bases:
            self.base.addItem(title_of(base), base.id)
        chosen = QWidget()
        line = row(self.folder, self.browse)
        line.setStretch(0, 1)
        chosen.setLayout(line)
        fields: list[tuple[str, QWidget]] = [
            (self.tr("Folder"), chosen),
            (self.tr("Name"), self.name),
            (self.tr("Trained on"), self.base),
        ]
        for text, field in fields[1:]:
            field.setAccessibleName(text)
        layout.addLayout(field_grid(fields))
        layout.addWidget(self.state)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        layout.addLayout(row(None, self.leave, self.take, spacing=10))
        self.setLayout(layout)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        make_room(self)

    @Slot()
    def choose_folder(self) -> None:
        """Let the user choose the folder with the adapter."""
        dialog = QFileDialog(self, self.tr("Choose the folder with the adapter"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.set_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def set_folder(self, path: str) -> None:
        """Take the adapter from this folder."""
        self._folder = Path(path)
        if not self.name.text().strip():
            self.name.setText(self._suggested(self._folder.name)[:64])
        self._refresh()

    def _suggested(self, folder: str) -> str:
        """The folder's name without what every folder of this kind has, as Exemplar saves them."""
        name = folder.removesuffix("-adapter")
        for base in self._models.bases:
            name = name.removeprefix(f"{base.id}-")
        return name or folder

    @Slot()
    def _take(self) -> None:
        if self._folder is not None:
            self._asked = str(self._folder)
            model = self.base.currentData()
            self._models.take_adapter(self._folder, self.name.text().strip(), model)

    @Slot(str)
    def _added(self, _id: str) -> None:
        if self._asked:
            self.accept()

    @Slot()
    def _refresh(self) -> None:
        self.folder.show_text(str(self._folder) if self._folder else self.tr("none chosen yet"))
        busy = bool(self._asked) and self._models.is_busy(self._asked)
        self.take.setEnabled(
            self._folder is not None and bool(self.name.text().strip()) and not busy
        )
        self.state.setText(self.tr("The adapter is being checked and copied…"))
        self.state.setVisible(busy)
        problem = self._models.problem_of(self._asked) if self._asked else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if self.isVisible():
            make_room(self)
