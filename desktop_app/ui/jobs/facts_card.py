"""What is worth knowing of a job, label by label."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel

from desktop_app.ui.widgets.parts import Card, label


class FactsCard(Card):
    """Labels and values in two columns; values can be selected and copied."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, QLabel]] = []
        self.body.addWidget(label(self.tr("THIS JOB"), "section"))
        self.body.addLayout(self._grid)
        self.body.addStretch(1)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show labels and values."""
        while len(self._rows) < len(facts):
            self._add_row()
        for number, (name, value) in enumerate(self._rows):
            has = number < len(facts)
            name.setVisible(has)
            value.setVisible(has)
            if has:
                name.setText(facts[number][0])
                value.setText(facts[number][1])

    def _add_row(self) -> None:
        name, value = label(kind="muted"), label(wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        place = len(self._rows)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(name, place, 0, top)
        self._grid.addWidget(value, place, 1, top)
        self._rows.append((name, value))
