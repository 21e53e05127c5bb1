"""Saving a model: in which form, into which folder, how far it is, where it lies."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QLabel,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from desktop_app.state.jobs.saving import KeptModel, ModelSaving, SavingPhase
from desktop_app.state.models.model_words import size
from desktop_app.ui.jobs.calm_combo_box import CalmComboBox
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.parts import Card, button, column, label, row, set_tone
from desktop_app.ui.widgets.room import make_room

KINDS = ("gguf-f16", "gguf-q8_0", "merged", "adapter")
WIDTH, INDENT = 620, 23


class SaveDialog(QDialog):
    """Frees itself when it is closed; what is being saved then is broken off."""

    def __init__(
        self, saving: ModelSaving, parent: QWidget, kept: Sequence[KeptModel] = ()
    ) -> None:
        super().__init__(parent)
        self._saving = saving
        self.which = CalmComboBox()
        for model in kept:
            self.which.addItem(model.name, model.model)
        saving.setParent(self)
        self._folder = documents()
        self.choices = QButtonGroup(self)
        self.buttons: dict[str, QRadioButton] = {}
        self.sizes: dict[str, QLabel] = {}
        self.folder = ElidedLabel("")
        self.choose = button(self.tr("Choose…"))
        self.progress = QProgressBar()
        self.state = label(wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.save = button(self.tr("Save"), "primary")
        self.cancel = button(self.tr("Cancel"))
        self.open_folder = button(self.tr("Open folder"), "primary", "folder-open")
        self.close_button = button(self.tr("Close"))
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Save the model"))
        self.setMinimumWidth(WIDTH)
        layout = column(margin=20, spacing=14)
        layout.addWidget(label(self.tr("Save the model"), "title"))
        text = self.tr(
            "The model is yours: saved, it runs in other programs and without this one. A "
            "description of how it was trained and how to run it is put beside it."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        self.which.setAccessibleName(self.tr("Which model"))
        choice = QWidget()
        choice.setLayout(row(label(self.tr("Which model"), "muted"), self.which, None))
        choice.setVisible(self.which.count() > 1)
        layout.addWidget(choice)
        card = Card(margin=14, spacing=12)
        for kind in KINDS:
            card.body.addLayout(self._choice(kind))
        self.buttons[KINDS[0]].setChecked(True)
        layout.addWidget(card)
        where = row(label(self.tr("Into the folder"), "muted"), self.folder, spacing=10)
        where.setStretch(1, 1)
        where.addWidget(self.choose)
        layout.addLayout(where)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Saving the model"))
        for part in (self.progress, self.state, self.problem):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addLayout(
            row(None, self.close_button, self.cancel, self.open_folder, self.save, spacing=10)
        )
        self.setLayout(layout)

    def _choice(self, kind: str) -> QVBoxLayout:
        name, text = self._words(kind)
        choice = QRadioButton(name)
        choice.setAccessibleDescription(text)
        self.choices.addButton(choice)
        self.buttons[kind] = choice
        self.sizes[kind] = label(kind="small")
        about = label(text, "muted", wrap=True)
        head = row(choice, None, self.sizes[kind])
        below = column(about)
        below.setContentsMargins(INDENT, 0, 0, 0)
        layout = column(spacing=2)
        layout.addLayout(head)
        layout.addLayout(below)
        return layout

    def _words(self, kind: str) -> tuple[str, str]:
        """What a form is called, and what it is good for."""
        return {
            "gguf-f16": (
                self.tr("For programs on a computer (GGUF, 16 bit)"),
                self.tr(
                    "One file for llama.cpp, Ollama and programs built on them. Answers as the "
                    "model does here."
                ),
            ),
            "gguf-q8_0": (
                self.tr("The same, about half the size (GGUF, 8 bit)"),
                self.tr("Rounded numbers: quicker, and its answers may differ a little."),
            ),
            "merged": (
                self.tr("For Python and servers (Hugging Face folder)"),
                self.tr("The whole model as a folder for transformers and what reads the same."),
            ),
            "adapter": (
                self.tr("Only what was learned (LoRA adapter)"),
                self.tr("Small; the base model is needed wherever it is used (PEFT)."),
            ),
        }[kind]

    def _connect(self) -> None:
        self._saving.changed.connect(self._refresh)
        self.choices.buttonToggled.connect(self._refresh)
        self.which.activated.connect(self._choose_model)
        self.choose.clicked.connect(self.choose_folder)
        self.save.clicked.connect(self._ask_and_save)
        self.cancel.clicked.connect(self._saving.cancel)
        self.close_button.clicked.connect(self.reject)
        self.open_folder.clicked.connect(self._open_folder)

    @Slot(int)
    def _choose_model(self, place: int) -> None:
        self._saving.choose(str(self.which.itemData(place)))

    @property
    def kind(self) -> str:
        """The form that is chosen."""
        return next(kind for kind, choice in self.buttons.items() if choice.isChecked())

    @Slot()
    def choose_folder(self) -> None:
        """Let the user choose where to save."""
        dialog = QFileDialog(self, self.tr("Choose a folder"), str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.set_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def set_folder(self, path: str) -> None:
        """Save into another folder."""
        self._folder = Path(path)
        self._refresh()

    @Slot()
    def _ask_and_save(self) -> None:
        taken = self._saving.taken(self.kind, self._folder)
        if taken is None:
            self._saving.save(self.kind, self._folder)
            return
        question = Question(
            self,
            self.tr("Replace what is there"),
            self.tr("{name} is in this folder already.").format(name=taken.name),
            self.tr("It is replaced as a whole. A folder that holds anything else is left alone."),
            self.tr("Replace it"),
            self.tr("Keep it"),
        )
        question.confirmed.connect(self._replace)
        question.open()

    @Slot()
    def _replace(self) -> None:
        self._saving.save(self.kind, self._folder, replace=True)

    @Slot()
    def _open_folder(self) -> None:
        if self._saving.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._saving.path)))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        make_room(self)

    @override
    def done(self, result: int) -> None:
        self._saving.cancel()
        super().done(result)

    @Slot()
    def _refresh(self) -> None:
        saving = self._saving
        is_saving, is_done = (saving.phase is p for p in (SavingPhase.SAVING, SavingPhase.DONE))
        for kind, choice in self.buttons.items():
            form = saving.form(kind)
            self.sizes[kind].setText(
                self.tr("about {size}").format(size=size(form.bytes)) if form else ""
            )
            # The chosen one stays as it is, so that it can be told from the others meanwhile.
            choice.setEnabled(form is not None and (not is_saving or choice.isChecked()))
        self.folder.show_text(str(self._folder))
        self.choose.setEnabled(not is_saving)
        self.which.setEnabled(not is_saving)
        self.save.setEnabled(saving.form(self.kind) is not None)
        self.save.setVisible(not is_saving)
        self.cancel.setVisible(is_saving)
        self.close_button.setVisible(not is_saving)
        self.open_folder.setVisible(is_done)
        set_tone(self.save, "" if is_done else "primary")
        done, total = saving.written
        self.progress.setVisible(is_saving)
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(1000 * done // total if total else 0)
        self.state.setText(self._state())
        self.state.setVisible(bool(self.state.text()))
        self.problem.setText(saving.problem)
        self.problem.setVisible(bool(saving.problem))
        if self.isVisible():
            make_room(self)

    def _state(self) -> str:
        saving = self._saving
        done, total = saving.written
        if saving.phase is SavingPhase.ASKING:
            return self.tr("The engine is asked for the forms and their sizes…")
        if saving.phase is SavingPhase.SAVING:
            return self.tr("{done} of {total} written").format(done=size(done), total=size(total))
        if saving.phase is SavingPhase.DONE and saving.path is not None:
            return self.tr("Saved as {name}.").format(name=saving.path.name)
        return ""


def documents() -> Path:
    """Return the folder for documents, or the user's own where the system has none."""
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(found) if found and Path(found).is_dir() else Path.home()
