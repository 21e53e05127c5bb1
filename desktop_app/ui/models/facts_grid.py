"""Names and values under one another, as many as there are."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from desktop_app.state.models.model_words import Fact
from desktop_app.ui.widgets.parts import label


class FactsGrid(QWidget):
    """Its lines are made once and filled anew."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[QLabel, QLabel]] = []
        self.setLayout(self._grid)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these and no others."""
        while len(self._lines) < len(facts):
            self._add_line()
        for place, line in enumerate(self._lines):
            is_used = place < len(facts)
            for cell, text in zip(line, facts[place] if is_used else ("", ""), strict=True):
                cell.setText(text)
                cell.setVisible(is_used)

    def facts(self) -> list[Fact]:
        """What is shown."""
        return [(name.text(), value.text()) for name, value in self._lines if value.text()]

    def _add_line(self) -> None:
        name, value = label(kind="muted"), label(wrap=True)
        place = len(self._lines)
        self._grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, place, 1)
        self._lines.append((name, value))
