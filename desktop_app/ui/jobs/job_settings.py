"""The settings of a new job that most people leave alone."""

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QDoubleValidator, QIntValidator
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.core.jobs.limits import BATCH_SIZE, MOST_BETA, SEED
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import button, column, label

GAP = 8
"""Below what a setting means, so that it stands with its own field."""


class NumberField(QLineEdit):
    """A number, or nothing, which leaves the choice to the service."""

    def __init__(self, automatic: str, validator: QIntValidator | QDoubleValidator) -> None:
        super().__init__()
        validator.setParent(self)
        validator.setLocale(QLocale.c())
        self.setValidator(validator)
        self.setPlaceholderText(automatic)

    def value(self) -> float | None:
        """The number, None if there is none; whether services take it is judged elsewhere."""
        try:
            return float(self.text())
        except ValueError:
            return None

    def choose(self, number: float | None) -> None:
        """Set a number, or leave it to the service."""
        self.setText("" if number is None else f"{number:g}" if number % 1 else str(int(number)))


class JobSettings(QWidget):
    """Folded away until wanted: batch size, learning rate, seed, each with what it means.

    How near the model stays to what it was (beta) is asked of preferences only.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        automatic = self.tr("Automatic")
        self.batch_size = NumberField(automatic, QIntValidator(*BATCH_SIZE))
        self.rate = NumberField(automatic, QDoubleValidator(0.001, 100.0, 3))
        self.beta = NumberField(automatic, QDoubleValidator(0.001, MOST_BETA, 3))
        self.seed = NumberField(self.tr("By chance"), QIntValidator(*SEED))
        self._of_preferences: list[QWidget] = []
        self._are_preferences = False
        self.unfold = button(self.tr("More settings"), "link")
        self.unfold.setCheckable(True)
        self.unfold.toggled.connect(self._fold)
        self._fields = QWidget()
        self._fields.setLayout(self._grid())
        layout = column(spacing=8)
        layout.addWidget(self.unfold, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._fields)
        self.setLayout(layout)
        self._fold(False)
        self.show_preferences(False)
        for field in (self.batch_size, self.rate, self.beta, self.seed):
            field.textChanged.connect(self.changed)

    def hyperparameters(self, epochs: int | None) -> Hyperparameters:
        """What was chosen, with the passes that are chosen elsewhere."""
        beta = self.beta.value() if self._are_preferences else None
        return Hyperparameters(epochs, _whole(self.batch_size.value()), self.rate.value(), beta)

    def seed_number(self) -> int | None:
        """The seed, None for one by chance."""
        return _whole(self.seed.value())

    def show_preferences(self, are_preferences: bool) -> None:
        """Ask what concerns learning from preferences, or leave it out."""
        self._are_preferences = are_preferences
        for part in self._of_preferences:
            part.setVisible(are_preferences)

    def choose(self, chosen: Hyperparameters, seed: int | None) -> None:
        """Take over the settings of another job, and show them if they say anything."""
        self.batch_size.choose(chosen.batch_size)
        self.rate.choose(chosen.learning_rate_multiplier)
        self.beta.choose(chosen.beta)
        self.seed.choose(seed)
        plain = Hyperparameters(n_epochs=chosen.n_epochs)
        self.unfold.setChecked(seed is not None or chosen != plain)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        rows: list[tuple[str, NumberField, str]] = [
            (
                self.tr("Batch size"),
                self.batch_size,
                self.tr("How many conversations go into one step."),
            ),
            (
                self.tr("Learning rate ×"),
                self.rate,
                self.tr("How far each step goes: below 1 is more careful, above 1 bolder."),
            ),
            (
                self.tr("How near it stays (beta)"),
                self.beta,
                self.tr(
                    "How far the model may move from what it was before training: a smaller "
                    "number lets it move further, a larger one, up to 2, holds it closer."
                ),
            ),
            (
                self.tr("Seed"),
                self.seed,
                self.tr("The same number shuffles in the same order, to compare jobs."),
            ),
        ]
        for place, (name, field, meaning) in enumerate(rows):
            text, explained = label(name), label(meaning, "small", wrap=True)
            explained.setContentsMargins(0, 0, 0, GAP)
            text.setBuddy(field)
            field.setAccessibleName(name)
            field.setAccessibleDescription(meaning)
            field.setFixedWidth(150)
            grid.addWidget(text, 2 * place, 0)
            grid.addWidget(field, 2 * place, 1, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(explained, 2 * place + 1, 1)
            if field is self.beta:
                self._of_preferences = [text, field, explained]
        return grid

    @Slot(bool)
    def _fold(self, unfolded: bool) -> None:
        self._fields.setVisible(unfolded)
        self.unfold.setIcon(icon("chevron-down" if unfolded else "chevron-right"))


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
