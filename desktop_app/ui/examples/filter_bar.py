"""The chips under the search box: what the list is narrowed to."""

import dataclasses

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QPushButton, QWidget

from desktop_app.storage.project.rows import Counts, Facets, Filter, Split
from desktop_app.ui.examples.facet_menus import FacetButtons, changed
from desktop_app.ui.widgets.button_text import in_button
from desktop_app.ui.widgets.flow_layout import FlowLayout
from desktop_app.ui.widgets.parts import isolated

SHOWN = 28
"""Characters of a condition in its chip; the rest is in the tool tip."""

SPLITS = {"training": Split.TRAINING, "test": Split.TEST}
TONES = {"problems": "bad", "advice": "warning"}


class FilterBar(QWidget):
    """Holds a filter without text; `filter_changed` carries it when its user changes it."""

    filter_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.filter = Filter()
        self._counts = Counts(0, 0, 0, 0)
        self._code_name = ""
        self._flow = FlowLayout(spacing=4)
        self.setLayout(self._flow)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._group.buttonClicked.connect(self._take_chip)
        self.chips = {
            key: self._chip(key) for key in ("all", "problems", "advice", "training", "test", "bin")
        }
        self.menus = FacetButtons()
        for menu in self.menus.all:
            menu.chosen.connect(self._take_value)
        for shown in self.menus.shown:
            self._flow.addWidget(shown)
        self.menus.setParent(self)
        self.menus.hide()
        self.conditions: list[QPushButton] = []
        self._behind: tuple[QWidget, ...] = ()
        self._show()

    def put_behind(self, *widgets: QWidget) -> None:
        """Take in what stands after all the chips."""
        self._behind = widgets
        self._show()

    def _chip(self, key: str) -> QPushButton:
        chip = QPushButton()
        chip.setProperty("kind", "filter")
        chip.setProperty("filter", key)
        chip.setProperty("tone", TONES.get(key, ""))
        chip.setCheckable(True)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        self._group.addButton(chip)
        self._flow.addWidget(chip)
        return chip

    # What is shown

    def show_filter(self, where: Filter, code_name: str = "") -> None:
        """Show a filter that was chosen elsewhere; `code_name` says which advice `code` is."""
        self.filter = dataclasses.replace(where, text="", refused_traits=0)
        self._code_name = code_name or self.tr("One kind of advice")
        self._show()

    def show_counts(self, counts: Counts) -> None:
        """Show how many there are of each kind; a kind of which there are none has no chip."""
        self._counts = counts
        self._show_chips()

    def show_facets(self, facets: Facets) -> None:
        """Offer the tags, languages and sources of the project."""
        self.menus.take(facets)
        self._show_chips()

    def _show(self) -> None:
        for chip in self.conditions:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        found = self.menus.conditions(self.filter)
        if self.filter.code:
            found.append(("code", self._code_name))
        self.conditions = [self._condition(*each) for each in found]
        for widget in self._behind:
            self._flow.removeWidget(widget)
            self._flow.addWidget(widget)
        self._show_chips()

    def _condition(self, field: str, text: str) -> QPushButton:
        shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
        chip = QPushButton(self.tr("%1 ×").replace("%1", isolated(in_button(shown))), self)
        chip.setProperty("kind", "condition")
        chip.setProperty("field", field)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.setAccessibleName(self.tr("Remove the filter %1").replace("%1", text))
        chip.setToolTip(chip.accessibleName())
        chip.clicked.connect(self._take_off)
        self._flow.addWidget(chip)
        chip.show()
        return chip

    def _show_chips(self) -> None:
        where, counts = self.filter, self._counts
        checked = {
            "all": where == Filter(sort=where.sort), "problems": where.problems_only,
            "advice": where.advice_only, "training": where.split == Split.TRAINING,
            "test": where.split == Split.TEST, "bin": where.in_bin,
        }  # fmt: skip
        numbers = {
            "all": counts.conversations, "problems": counts.with_problems,
            "advice": counts.with_advice, "training": counts.training, "test": counts.test,
            "bin": counts.binned,
        }  # fmt: skip
        for key, chip in self.chips.items():
            chip.setChecked(checked[key])
            chip.setText(self._texts()[key].replace("%L1", f"{numbers[key]:,}"))
            is_always_there = key in ("all", "training", "test")
            chip.setVisible(is_always_there or numbers[key] > 0 or checked[key])
        self.menus.leave_out({chip.property("field") for chip in self.conditions})
        self.updateGeometry()

    def _texts(self) -> dict[str, str]:
        return {
            "all": self.tr("All %L1"), "problems": self.tr("Problems %L1"),
            "advice": self.tr("Advice %L1"), "training": self.tr("Training %L1"),
            "test": self.tr("Test %L1"), "bin": self.tr("Bin %L1"),
        }  # fmt: skip

    # What its user does

    @Slot(QAbstractButton)
    def _take_chip(self, chip: QAbstractButton) -> None:
        key, is_on, where = chip.property("filter"), chip.isChecked(), self.filter
        if key == "all":
            where = Filter(sort=where.sort)
        elif key == "problems":
            where = dataclasses.replace(where, problems_only=is_on)
        elif key == "advice":
            where = dataclasses.replace(where, advice_only=is_on, code="")
        elif key == "bin":
            where = dataclasses.replace(where, in_bin=is_on)
        else:
            where = dataclasses.replace(where, split=SPLITS[key] if is_on else None)
        self._set(where)

    @Slot(str, object)
    def _take_value(self, field: str, value: object) -> None:
        self._set(changed(self.filter, field, value))

    @Slot()
    def _take_off(self) -> None:
        sender: QObject = self.sender()
        self._set(changed(self.filter, sender.property("field"), None))
        self.chips["all"].setFocus()

    def _set(self, where: Filter) -> None:
        self.filter = where
        self._show()
        self.filter_changed.emit(where)
