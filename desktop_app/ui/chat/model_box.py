"""A box to choose a model from, grouped by where the models come from."""

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFont, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy

from desktop_app.state.chat.model_choice import ModelChoice, Origin
from desktop_app.ui.widgets.eliding_combo_box import ElidingComboBox

SMALL = 0.9
"""How large a heading is beside the names under it."""


class ModelBox(ElidingComboBox):
    """Each choice is the data of its item; headings stand over the groups where there is need."""

    def __init__(self, name: str, nothing: str = "") -> None:
        """`nothing` is what the box says while no model is chosen."""
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(nothing)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def offer(
        self, choices: Sequence[ModelChoice], chosen: ModelChoice | None, none: str = ""
    ) -> None:
        """Put these into the box; `none` is an entry of its own for no model."""
        self.clear()
        if none:
            self.addItem(none, None)
        has_headings = _need_headings(choices)
        for origin, group in groupby(choices, key=lambda choice: choice.origin):
            if has_headings:
                self._add_heading(heading(origin))
            for choice in group:
                self.addItem(worded(choice), choice)
        self.setCurrentIndex(self._place_of(chosen) if chosen else (0 if none else -1))
        self.setToolTip(self.currentText())
        self._widen_list()

    def _place_of(self, chosen: ModelChoice) -> int:
        places = range(self.count())
        return next((n for n in places if chosen.is_same_as(self.itemData(n))), -1)

    def _add_heading(self, text: str) -> None:
        self.addItem(text, None)
        model = self.model()
        item = model.item(self.count() - 1) if isinstance(model, QStandardItemModel) else None
        if isinstance(item, QStandardItem):
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * SMALL)
            font.setWeight(QFont.Weight.DemiBold)
            item.setFont(font)

    def _widen_list(self) -> None:
        """Let the list be as wide as its longest name, though the box is not."""
        view = self.view()
        view.setMinimumWidth(
            view.sizeHintForColumn(0) + view.verticalScrollBar().sizeHint().width()
        )


def _need_headings(choices: Sequence[ModelChoice]) -> bool:
    """One's own models and the one they came from explain themselves."""
    origins = [choice.origin for choice in choices]
    return Origin.ELSEWHERE in origins or origins.count(Origin.BASE) > 1


def heading(origin: Origin) -> str:
    """What a group of models is called."""
    texts = {
        Origin.PROJECT: _tr("Trained in this project"),
        Origin.ELSEWHERE: _tr("Other tuned models"),
        Origin.BASE: _tr("Not tuned (base models)"),
    }
    return texts[origin]


def worded(choice: ModelChoice) -> str:
    """A model's name, with a word beside it when it is not tuned."""
    return choice.name if choice.is_tuned else _tr("{name} (not tuned)").format(name=choice.name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_box", text)
