"""The Evaluate tab, which answers whether the model learned."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.examples.test_set import TestSet
from desktop_app.state.navigation import Navigation
from desktop_app.ui.cost.number_field import whole_number
from desktop_app.ui.evaluate.case_detail import CaseDetail
from desktop_app.ui.evaluate.cases_card import CasesCard
from desktop_app.ui.evaluate.figures_card import FiguresCard
from desktop_app.ui.evaluate.run_bar import RunBar
from desktop_app.ui.evaluate.setup_bar import SetupBar
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Page, button, column, label, row, scrolling

SHARE = 20
"""Per cent to set aside for the test, unless the user says otherwise."""
LOWER_HEIGHT = 300
"""Pixels for the test conversations; the page scrolls where the window has fewer."""
NO_PROJECT, NO_TEST_SET, NO_MODEL, READY, RESULTS = range(5)


class EvaluatePage(Page):
    """What is missing and how to get it, or the figures."""

    def __init__(
        self, evaluation: Evaluation, test_set: TestSet, navigation: Navigation, theme: Theme
    ) -> None:
        super().__init__()
        self._test_set = test_set
        self._evaluation = evaluation
        self._navigation = navigation
        self.setup = SetupBar(evaluation)
        self.run_bar = RunBar(evaluation)
        self.figures = FiguresCard(evaluation, theme)
        self.cases = CasesCard(evaluation, theme)
        self.detail = CaseDetail(evaluation)
        self.cases.chosen.connect(self.detail.fill)
        self.view = QStackedWidget()
        for each in (
            self._make_no_project(),
            self._make_no_test_set(),
            self._make_no_model(),
            self._make_ready(),
            self._make_results(),
        ):
            self.view.addWidget(each)
        layout = column(self.setup, self.view, spacing=16)
        layout.setContentsMargins(28, 20, 28, 20)
        layout.setStretchFactor(self.view, 1)
        self.setLayout(layout)
        evaluation.changed.connect(self._choose_view)
        self._choose_view()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._evaluation.refresh()

    # Parts

    def _make_results(self) -> QWidget:
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.setHandleWidth(16)
        lower.setProperty("kind", "gap")
        lower.addWidget(self.cases)
        lower.addWidget(self.detail)
        lower.setChildrenCollapsible(False)
        lower.setStretchFactor(0, 3)
        lower.setStretchFactor(1, 7)
        lower.setSizes([390, 900])
        lower.setMinimumHeight(LOWER_HEIGHT)
        inside = QWidget()
        layout = column(self.run_bar, self.figures, lower, spacing=16)
        layout.setStretchFactor(lower, 1)
        inside.setLayout(layout)
        return scrolling(inside)

    def _make_no_project(self) -> EmptyState:
        return EmptyState(
            "flask-conical",
            self.tr("Open a project to evaluate"),
            self.tr("An evaluation runs a project's test conversations through its models."),
            self._leading(self.tr("Go to Examples"), "examples"),
        )

    def _make_no_test_set(self) -> EmptyState:
        name = self.tr("Share of the conversations to set aside")
        self.share = whole_number(name, 5, 50, 5)
        self.share.setValue(SHARE)
        self.share.setSuffix(" %")
        self.share.setFixedWidth(70)
        self.set_aside = button(self.tr("Set them aside"), "primary")
        self.set_aside.clicked.connect(self._set_aside)
        result = EmptyState(
            "scissors",
            self.tr("Set some conversations aside first"),
            self.tr(
                "Whether a model learned shows only on conversations that it was not trained on. "
                "Set a share of them aside for the test, before training: they are then left out "
                "of it, and a model that already knows them would look better than it is."
            ),
        )
        line = row(None, label(self.tr("Share"), "muted"), self.share, self.set_aside, None)
        layout = result.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertLayout(layout.count() - 1, line)
        return result

    def _make_no_model(self) -> EmptyState:
        return EmptyState(
            "flask-conical",
            self.tr("No tuned model yet"),
            self.tr(
                "Train a model first. When its job has finished, its replies to the test "
                "conversations are compared here with those of the model it came from."
            ),
            self._leading(self.tr("Go to Jobs"), "jobs"),
        )

    def _make_ready(self) -> EmptyState:
        return EmptyState(
            "flask-conical",
            self.tr("See whether it learned"),
            self.tr(
                "Run asks both models above for the last reply of each test conversation, and how "
                "much the wanted reply surprises them. It can be cancelled at any time; what has "
                "come by then is kept."
            ),
        )

    def _leading(self, text: str, tab: str) -> QPushButton:
        result = button(text, "primary")
        result.setProperty("tab", tab)
        result.clicked.connect(self._lead)
        return result

    # Following and doing

    @Slot()
    def _choose_view(self) -> None:
        evaluation = self._evaluation
        view = RESULTS
        if not evaluation.is_open:
            view = NO_PROJECT
        elif evaluation.current is None and not evaluation.n_test:
            view = NO_TEST_SET
        elif evaluation.current is None and not evaluation.choices.tuned:
            view = NO_MODEL
        elif evaluation.current is None:
            view = READY
        self.view.setCurrentIndex(view)
        self.setup.setVisible(view in (READY, RESULTS))
        self.set_aside.setEnabled(evaluation.n_conversations > 1)
        if self.isVisible():
            evaluation.refresh()

    @Slot()
    def _set_aside(self) -> None:
        self._test_set.choose_share(self.share.value() / 100)

    @Slot()
    def _lead(self) -> None:
        self._navigation.show(self.sender().property("tab"))
