"""What training will cost, and whether it is worth it."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QStackedLayout, QWidget
from typing_extensions import override

from desktop_app.state.connections.connections import Connections
from desktop_app.state.cost.cost import CostState
from desktop_app.state.navigation import Navigation
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.cost.break_even_card import BreakEvenCard
from desktop_app.ui.cost.lengths_card import LengthsCard
from desktop_app.ui.cost.places_card import PlacesCard
from desktop_app.ui.cost.price_dialog import PriceDialog
from desktop_app.ui.cost.training_card import TrainingCard
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Page, button, column

LEFT_WIDTH, LEFT_LEAST = 412, 340
MARGIN = 24
NARROW, TIGHT = 1240, 1360
"""Below `TIGHT` the left column gives way, so that the names of the models can be read."""
QWIDGETSIZE_MAX = 16777215
"""Qt's word for no limit, which PySide does not name."""


class CostPage(Page):
    """Four cards, or a word on what to do first while there is nothing to reckon with."""

    def __init__(
        self,
        cost: CostState,
        connections: Connections,
        open_project: OpenProject,
        navigation: Navigation,
        theme: Theme,
    ) -> None:
        super().__init__()
        self._cost = cost
        self._connections = connections
        self._open_project = open_project
        self._navigation = navigation
        self.training = TrainingCard(cost)
        self.lengths = LengthsCard(cost, theme)
        self.places = PlacesCard(cost, theme)
        self.break_even = BreakEvenCard(cost, theme)
        to_examples = button(self.tr("Go to Examples"), "primary")
        to_examples.clicked.connect(self._show_examples)
        self.empty = EmptyState(
            "coins",
            self.tr("No examples to train on yet"),
            self.tr(
                "Once there are conversations, this page counts their tokens and says what "
                "training on them costs with each model, and how long it takes on this computer."
            ),
            to_examples,
        )
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scrolling())
        self.setLayout(self._stack)
        self.training.price_wanted.connect(self.edit_price)
        self.training.continue_wanted.connect(self._go_on)
        cost.changed.connect(self._refresh)
        open_project.opened.connect(self._refresh)
        open_project.closed.connect(self._refresh)
        open_project.counts_changed.connect(self._refresh)
        self._refresh()

    def _scrolling(self) -> QScrollArea:
        self._left = QWidget()
        self._left.setLayout(column(self.training, self.lengths, spacing=16))
        self._right = column(self.places, self.break_even, spacing=16)
        self._right.setStretch(0, 3)
        self._cards = QHBoxLayout()
        self._cards.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._cards.setSpacing(16)
        self._cards.addWidget(self._left)
        self._cards.addLayout(self._right, 1)
        content = QWidget()
        content.setLayout(self._cards)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        return area

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set the cards one under the other where there is no room side by side."""
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW
        direction = QBoxLayout.Direction
        self._cards.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)
        width = LEFT_LEAST if self.width() < TIGHT else LEFT_WIDTH
        self._left.setMinimumWidth(0 if is_narrow else width)
        self._left.setMaximumWidth(QWIDGETSIZE_MAX if is_narrow else width)

    @Slot()
    def _refresh(self) -> None:
        has_examples = self._open_project.is_open and self._open_project.counts.conversations > 0
        self._stack.setCurrentIndex(1 if has_examples else 0)
        self._right.setStretch(1, 2 if self._cost.break_even else 0)

    @Slot()
    def edit_price(self) -> None:
        """Open the dialog in which the chosen model's price is edited."""
        PriceDialog(self._cost, self).open()

    @Slot()
    def _go_on(self) -> None:
        self._cost.take_choice()
        self._navigation.show("jobs")

    @Slot()
    def _show_examples(self) -> None:
        self._navigation.show("examples")
