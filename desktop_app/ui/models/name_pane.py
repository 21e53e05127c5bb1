"""A model that is not in the catalogue: by its name at the hub."""

import re

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_app.state.models.engine_models import EngineModels
from desktop_app.ui.widgets.parts import button, column, label, row

NAME = re.compile(r"[\w.\-]+/[\w.\-]+", re.ASCII)
"""Owner and name, as hubs have them."""


class NamePane(QWidget):
    """`found` carries the name of a model that the hub knows."""

    found = Signal(str)

    def __init__(self, models: EngineModels) -> None:
        super().__init__()
        self._models = models
        self._asked = ""
        self.name = QLineEdit()
        self.name.setPlaceholderText("owner/name")
        self.name.setAccessibleName(self.tr("Name of the model at the hub"))
        self.look_up = button(self.tr("Look it up"), "primary")
        self.state = label(kind="muted", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        layout = column(label(self.tr("Another model, by name"), "title", wrap=True), spacing=12)
        text = self.tr(
            "Any open model of the Llama, Qwen, Gemma, Phi, Mistral or SmolLM kind, named as on "
            "its page at the hub: its owner, a slash, its name. Its size, its licence and "
            "whether it fits are shown before anything is fetched."
        )
        layout.addWidget(label(text, "muted", wrap=True))
        line = row(self.name, self.look_up)
        line.setStretch(0, 1)
        layout.addLayout(line)
        layout.addWidget(self.state)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        self.setLayout(layout)
        self.look_up.clicked.connect(self._look_up)
        self.name.returnPressed.connect(self._look_up)
        self.name.textChanged.connect(self.refresh)
        self.refresh()

    @property
    def _typed(self) -> str:
        return self.name.text().strip()

    @Slot()
    def _look_up(self) -> None:
        if self.look_up.isEnabled():
            self._asked = self._typed
            self._models.look_up(self._asked)

    @Slot()
    def refresh(self) -> None:
        """Say how far the question is; go to the model once it is answered."""
        asked, busy = self._asked, self._models.is_busy(self._asked)
        self.look_up.setEnabled(NAME.fullmatch(self._typed) is not None and not busy)
        self.state.setText(self.tr("The hub is asked…") if asked and busy else "")
        self.state.setVisible(bool(asked and busy))
        problem = self._models.problem_of(asked) if asked and asked == self._typed else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if asked and not busy:
            wanted = asked.lower()
            known = [each.hub for each in self._models.entries() if each.hub.lower() == wanted]
            if known and not problem:
                self._asked = ""
                self.found.emit(known[0])
