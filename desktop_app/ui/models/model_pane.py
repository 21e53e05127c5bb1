"""One model: what it is, whether it fits, and fetching, choosing or removing it."""

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QProgressBar, QWidget

from desktop_app.provider.connections.engine_models import (
    BaseModel,
    FetchState,
    Licence,
    ModelEntry,
)
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.models.model_words import (
    base_facts,
    entry_facts,
    fit,
    licence_name,
    licence_of,
    progress,
    size,
    state,
    title_of,
)
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.models.facts_grid import FactsGrid
from desktop_app.ui.widgets.parts import button, chip, column, label, row, set_tone

BEGUN = (FetchState.STOPPED, FetchState.FAILED)
"""States from which fetching goes on where it was."""


class ModelPane(QWidget):
    """`chosen` carries the id of a model that new jobs are to start from."""

    chosen = Signal(str)

    def __init__(self, models: EngineModels) -> None:
        super().__init__()
        self._models = models
        self._base: BaseModel | None = None
        self._entry: ModelEntry | None = None
        self._current = ""
        self.title = label(kind="title", wrap=True)
        self.state, self.fit = chip(), chip()
        self.is_chosen = chip(self.tr("new jobs start from it"), "accent")
        self.good_for = label(kind="muted", wrap=True)
        self.why = label(tone="warning", wrap=True)
        self.facts = FactsGrid()
        self.licence = label(wrap=True)
        self.read = button(self.tr("Read the licence"), "link")
        self.accept = QCheckBox(self.tr("I have read and accept the licence of this model"))
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Fetching the model"))
        self.moving = label(kind="muted", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.fetch = button(self.tr("Fetch it"), "primary")
        self.stop = button(self.tr("Stop"))
        self.forget = button(self.tr("Remove what has arrived"), "quiet")
        self.choose = button(self.tr("Start new jobs from it"), "primary")
        self.remove = button(self.tr("Remove…"), "", "trash-2")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        layout = column(spacing=12)
        layout.addWidget(self.title)
        layout.addLayout(row(self.fit, self.state, self.is_chosen, None))
        for text in (self.good_for, self.why, self.facts):
            layout.addWidget(text)
        licence = row(self.licence, self.read, spacing=10)
        licence.setStretch(0, 1)
        licence.setAlignment(self.read, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(licence)
        for part in (self.accept, self.progress, self.moving, self.problem):
            layout.addWidget(part)
        buttons = row(self.fetch, self.stop, self.forget, self.choose, self.remove, None)
        layout.addLayout(buttons)
        layout.addStretch(1)
        self.setLayout(layout)

    def _connect(self) -> None:
        self.read.clicked.connect(self._open_licence)
        self.accept.toggled.connect(self._refresh_buttons)
        self.fetch.clicked.connect(self._fetch)
        self.stop.clicked.connect(self._stop)
        self.forget.clicked.connect(self._forget)
        self.choose.clicked.connect(self._choose)
        self.remove.clicked.connect(self.ask_to_remove)

    def show_base(self, base: BaseModel, current: str) -> None:
        """Be about a model that is there; `current` is the one that new jobs start from."""
        self._base, self._entry, self._current = base, self._models.entry_of(base), current
        self._refresh()

    def show_entry(self, entry: ModelEntry) -> None:
        """Be about a model that can be fetched. An acceptance is for the one it was given to."""
        if self._base is not None or self._entry is None or self._entry.hub != entry.hub:
            self.accept.setChecked(False)
        self._base, self._entry = None, entry
        self._refresh()

    def _refresh(self) -> None:
        model = self._base or self._entry
        if model is None:
            return
        self.title.setText(title_of(model))
        word, tone = fit(model)
        self.fit.setText(word)
        set_tone(self.fit, tone)
        self.why.setText(model.why or "")
        self.why.setVisible(bool(model.why))
        good_for = self._entry.good_for if self._entry else ""
        self.good_for.setText(good_for)
        self.good_for.setVisible(bool(good_for))
        self._refresh_licence(licence_of(model, self._entry))
        if self._base is not None:
            self.facts.show_facts(base_facts(self._base, self._entry, self._measured))
        elif self._entry is not None:
            self.facts.show_facts(entry_facts(self._entry))
        self._refresh_moving()
        self._refresh_buttons()

    @property
    def _measured(self) -> float | None:
        """How many tokens a second the engine trains with this model, where it has measured it."""
        status, base = self._models.status, self._base
        is_measured = status is not None and base is not None and base.is_starter
        return status.training_tokens_per_second if status and is_measured else None

    def _refresh_licence(self, licence: Licence) -> None:
        name = licence_name(licence)
        self.licence.setText(self.tr("Licence: {name}").format(name=name))
        self.read.setVisible(bool(licence.url))
        self.read.setToolTip(licence.url)

    def _refresh_moving(self) -> None:
        entry = self._entry if self._base is None else None
        arriving = entry is not None and entry.state == FetchState.FETCHING
        word, tone = state(entry) if entry else ("", "")
        self.state.setText(word)
        self.state.setVisible(bool(word))
        set_tone(self.state, tone)
        self.progress.setVisible(arriving)
        done, total = (entry.bytes_done or 0, entry.bytes) if entry else (0, None)
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(min(1000, 1000 * done // total) if total else 0)
        begun = entry is not None and (arriving or (entry.state in BEGUN and done > 0))
        self.moving.setVisible(begun)
        if begun and entry is not None:
            self.moving.setText(progress(entry, self._models.pace(entry.hub)))
        key = self._base.id if self._base else entry.hub if entry else ""
        texts = [self._models.problem_of(key), (entry.error or "") if entry else ""]
        problem = "\n".join(dict.fromkeys(filter(None, texts)))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    @Slot()
    def _refresh_buttons(self) -> None:
        entry, base = self._entry, self._base
        can_fetch = base is None and entry is not None
        now = entry.state if entry else ""
        arriving = can_fetch and now == FetchState.FETCHING
        begun = can_fetch and now in BEGUN and bool(entry and entry.bytes_done)
        ready = can_fetch and now == FetchState.READY
        busy = bool(entry and self._models.is_busy(entry.hub)) if can_fetch else False
        self.accept.setVisible(can_fetch and not arriving and not ready)
        self.fetch.setVisible(can_fetch and not arriving and not ready)
        self.fetch.setEnabled(self.accept.isChecked() and not busy)
        self.fetch.setText(self._fetch_word(entry, begun=begun))
        # What cannot run here may be fetched, but is not the thing to do next.
        set_tone(self.fetch, "primary" if entry and entry.fits_answering else "")
        self.stop.setVisible(arriving)
        self.stop.setEnabled(not busy)
        self.forget.setVisible(begun)
        self.forget.setEnabled(not busy)
        is_chosen = base is not None and base.id == self._current
        self.choose.setVisible(base is not None and base.fits_training and not is_chosen)
        self.is_chosen.setVisible(is_chosen)
        self.remove.setVisible(base is not None)
        self.remove.setEnabled(base is not None and not self._models.is_busy(base.id))

    def _fetch_word(self, entry: ModelEntry | None, *, begun: bool) -> str:
        if begun:
            return self.tr("Go on")
        if entry is None or not entry.bytes:
            return self.tr("Fetch it")
        return self.tr("Fetch it ({size})").format(size=size(entry.bytes))

    @Slot()
    def _open_licence(self) -> None:
        model = self._base or self._entry
        url = QUrl(licence_of(model, self._entry).url) if model else QUrl()
        # What a hub says is a stranger's: no other kind of address is opened.
        if url.scheme() in ("https", "http"):
            QDesktopServices.openUrl(url)

    @Slot()
    def _fetch(self) -> None:
        if self._entry is not None and self.accept.isChecked():
            self._models.fetch(self._entry.hub)

    @Slot()
    def _stop(self) -> None:
        if self._entry is not None:
            self._models.stop(self._entry.hub)

    @Slot()
    def _forget(self) -> None:
        if self._entry is not None:
            self._models.forget(self._entry.hub)

    @Slot()
    def _choose(self) -> None:
        if self._base is not None:
            self.chosen.emit(self._base.id)

    @Slot()
    def ask_to_remove(self) -> None:
        """Remove the model once its user has said so again."""
        base = self._base
        if base is None:
            return
        freed = size(base.bytes) if base.bytes else ""
        more = self.tr("It can be fetched again. Tuned models that were made from it need it.")
        if freed:
            more = self.tr(
                "That frees {size}. It can be fetched again. Tuned models that were made from it "
                "need it."
            ).format(size=freed)
        question = Question(
            self,
            self.tr("Remove this model"),
            self.tr("Remove {model}?").format(model=title_of(base)),
            more,
            self.tr("Remove it"),
            self.tr("Keep it"),
        )
        question.confirmed.connect(self._remove)
        question.open()

    @Slot()
    def _remove(self) -> None:
        if self._base is not None:
            self._models.remove(self._base.id)
