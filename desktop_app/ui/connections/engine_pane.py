"""This computer: whether its engine runs, and the models it can train."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget
from typing_extensions import override

from desktop_app.provider.connections.engine_status import DAMAGED, READY, EngineStatus
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.local_engine import EngineState
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.connections.provider_texts import describe
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.connections.disk_line import DiskLine
from desktop_app.ui.connections.engine_facts import engine_facts
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row, set_tone

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
TONES = {
    EngineState.READY: "good",
    EngineState.STARTING: "accent",
    EngineState.FAILED: "bad",
    EngineState.STOPPED: "",
}


class EnginePane(QWidget):
    """Follows the engine; fetches the starter model or takes a model file.

    `models_wanted` asks for the dialog with all models.
    """

    models_wanted = Signal()

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections
        self._engine = connections.engine
        self.status = chip()
        self.facts = label(kind="muted", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.start = button(self.tr("Start the engine"))
        self.disk = DiskLine(connections.engines.disk(THIS_COMPUTER))
        self.model_status = chip()
        self.model_text = label(kind="muted", wrap=True)
        self.model_problem = label(tone="bad", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Fetching the starter model"))
        self.fetch = button("", "primary")
        self.cancel = button(self.tr("Cancel"))
        self.from_disk = button(self.tr("Take a GGUF file from disk…"))
        self.models = label(kind="small", wrap=True)
        self.all_models = button(self.tr("All models…"))
        self._lay_out()
        self.start.clicked.connect(self._engine.start)
        self.fetch.clicked.connect(connections.fetch_starter_model)
        self.cancel.clicked.connect(connections.cancel_fetch)
        self.from_disk.clicked.connect(self.choose_file)
        self.all_models.clicked.connect(self.models_wanted)
        self._engine.changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        layout = column(spacing=14)
        layout.addWidget(label(self.tr("This computer"), "title"))
        text = self.tr(
            "Trains open models and talks to them on this computer. Nothing leaves it, and "
            "nothing is to be paid."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        engine = Card(margin=14, spacing=7)
        engine.body.addLayout(row(label(self.tr("Engine"), "strong"), self.status, None))
        for widget in (self.facts, self.problem, self.disk):
            engine.body.addWidget(widget)
        engine.body.addLayout(row(self.start, None))
        layout.addWidget(engine)
        model = Card(margin=14, spacing=7)
        title = label(self.tr("Starter model: SmolLM2 135M"), "strong")
        model.body.addLayout(row(title, self.model_status, None))
        for part in (self.model_text, self.progress, self.model_problem):
            model.body.addWidget(part)
        buttons = row(self.fetch, self.cancel, self.from_disk, self.all_models, None)
        model.body.addLayout(buttons)
        model.body.addWidget(self.models)
        layout.addWidget(model)
        layout.addStretch()
        self.setLayout(layout)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_at_disk()

    def _look_at_disk(self) -> None:
        if self.isVisible() and self._engine.state is EngineState.READY:
            self.disk.look()

    @Slot()
    def choose_file(self) -> None:
        """Let the user choose a GGUF file; it is checked and copied by the engine."""
        dialog = QFileDialog(self, self.tr("Take a model file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Models (*.gguf)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(self._take_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _take_file(self, path: str) -> None:
        self._connections.add_model_file(Path(path))

    @Slot()
    def _refresh(self) -> None:
        engine = self._engine
        words = {
            EngineState.READY: self.tr("ready"),
            EngineState.STARTING: self.tr("starting…"),
            EngineState.FAILED: self.tr("failed"),
            EngineState.STOPPED: self.tr("stopped"),
        }
        self.status.setText(words[engine.state])
        set_tone(self.status, TONES[engine.state])
        self.facts.setText(self._facts(engine.status))
        failed = engine.state is EngineState.FAILED and engine.error is not None
        self.problem.setVisible(failed)
        if failed and engine.error is not None:
            self.problem.setText("\n".join(filter(None, describe(engine.error))))
        self.start.setVisible(engine.state in (EngineState.FAILED, EngineState.STOPPED))
        is_ready = engine.state is EngineState.READY
        self.disk.setVisible(is_ready)
        if self.isVisible() and is_ready:
            self.disk.look_once()
        self._refresh_model()

    def _facts(self, status: EngineStatus | None) -> str:
        if self._engine.state is not EngineState.READY or status is None:
            return self.tr("It is started when it is needed, and ends when nothing needs it.")
        return engine_facts(status)

    def _refresh_model(self) -> None:
        engine, status = self._engine, self._engine.status
        starter = status.starter_model if status else None
        is_ready = starter is not None and starter.state == READY
        is_known = engine.state is EngineState.READY and starter is not None
        self.model_status.setVisible(is_known)
        self.model_status.setText(self._model_word())
        set_tone(self.model_status, "good" if is_ready else "warning")
        self.model_text.setText(self._model_sentence())
        self.fetch.setText(self._fetch_word())
        self.fetch.setVisible(is_known and not is_ready and not engine.is_fetching)
        self.cancel.setVisible(engine.is_fetching)
        self.from_disk.setVisible(is_known and not engine.is_fetching)
        self.from_disk.setEnabled(not engine.is_adding)
        self._refresh_progress()
        error = engine.model_error
        self.model_problem.setVisible(error is not None)
        if error is not None:
            self.model_problem.setText("\n".join(filter(None, describe(error))))
        self._refresh_models(status.models if status else ())

    def _refresh_models(self, models: Sequence[str]) -> None:
        names = [short_name(model) for model in models if not model.startswith("ft:")]
        tuned = len(models) - len(names)
        text = self.tr("Models here: {names}")
        if tuned:
            text = self.tr("Models here: {names}, and %Ln tuned one(s)", "", tuned)
        self.models.setVisible(bool(models))
        self.models.setText(text.format(names=", ".join(names)))

    def _refresh_progress(self) -> None:
        self.progress.setVisible(self._engine.is_fetching)
        done, total = self._engine.fetched or (0, None)
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(1000 * done // total if total else 0)

    @property
    def _starter_bytes(self) -> int | None:
        status = self._engine.status
        return status.starter_model.bytes if status else None

    def _fetch_word(self) -> str:
        size = self._starter_bytes
        if size is None:
            return self.tr("Fetch it")
        return self.tr("Fetch it ({size} MB)").format(size=round(size / MEGABYTE))

    def _model_word(self) -> str:
        status = self._engine.status
        if self._engine.is_fetching:
            return self.tr("being fetched")
        if status is not None and status.starter_model.state == READY:
            return self.tr("ready")
        if status is not None and status.starter_model.state == DAMAGED:
            return self.tr("damaged")
        return self.tr("missing")

    def _model_sentence(self) -> str:
        if self._engine.is_adding:
            return self.tr("The file is being checked and copied…")
        if self._engine.is_fetching:
            done, total = self._engine.fetched or (0, None)
            if not total:
                return self.tr("{done} MB so far").format(done=round(done / MEGABYTE))
            return self.tr("{done} of {total} MB").format(
                done=round(done / MEGABYTE), total=round(total / MEGABYTE)
            )
        status = self._engine.status
        if status is None or status.starter_model.state == READY:
            return self.tr("A small model that takes on a form and a voice, but knows little.")
        return self.tr(
            "It is fetched once from the internet and checked before it is used. A model file in "
            "the GGUF format that is already on this computer does as well."
        )
