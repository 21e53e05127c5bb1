"""The Jobs tab: all jobs on the left; one of them, a new one, or what to do first on the right."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget

from desktop_app.state.connections.connections import Connections
from desktop_app.state.cost.cost import CostState
from desktop_app.state.jobs.job_list import JobList
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import CONNECTIONS
from desktop_app.state.jobs.saving import ModelSavings
from desktop_app.state.navigation import Navigation
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.jobs.job_detail import JobDetail
from desktop_app.ui.jobs.job_form import JobForm
from desktop_app.ui.jobs.job_list_panel import JobListPanel
from desktop_app.ui.models.models_dialog import ModelsDialog
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Page, button, row

LIST_WIDTH = 352
LEAST_WIDTH = 530
"""Pixels that a job keeps when the window is small; the list gives way."""


class JobsPage(Page):
    """Assembly and the choice of what is in front. `connections_wanted` asks for their dialog."""

    connections_wanted = Signal()

    def __init__(
        self,
        jobs: Jobs,
        connections: Connections,
        open_project: OpenProject,
        cost: CostState,
        navigation: Navigation,
        theme: Theme,
        savings: ModelSavings,
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._navigation = navigation
        self._connections = connections
        self._theme = theme
        self.list = JobListPanel(JobList(jobs, connections, self), theme)
        self.detail = JobDetail(jobs, connections, theme, savings)
        self.form = JobForm(jobs, connections, open_project, cost)
        self.empty = self._empty_state()
        self.stack = QStackedWidget()
        for page in (self.empty, self.form, self.detail):
            self.stack.addWidget(page)
        self.stack.setMinimumWidth(LEAST_WIDTH)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.stack)
        self.splitter.setHandleWidth(1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([LIST_WIDTH, 1088])
        self.splitter.setChildrenCollapsible(False)
        self.setLayout(row(self.splitter))
        self._connect()
        open_project.closed.connect(self._leave_form)
        self._show_job(self.list.current)

    def _empty_state(self) -> EmptyState:
        first = button(self.tr("New job"), "primary")
        first.clicked.connect(self.new_job)
        cost_first = button(self.tr("See the cost first"))
        cost_first.clicked.connect(self._show_cost)
        return EmptyState(
            "play",
            self.tr("No jobs yet"),
            self.tr(
                "A job trains a model on the conversations of this project, so that it answers as "
                "they do. On this computer that is free and nothing leaves it; a service elsewhere "
                "trains larger models and charges for them."
            ),
            first,
            cost_first,
        )

    def _connect(self) -> None:
        self.list.chosen.connect(self._show_job)
        self.list.new_wanted.connect(self.new_job)
        self.form.submitted.connect(self.show_job)
        self.form.closed.connect(self._leave_form)
        self.form.tab_wanted.connect(self._show_tab)
        self.form.models_wanted.connect(self.show_models)
        self.detail.start_anew.connect(self._start_anew)
        self._jobs.tab_requested.connect(self._show_tab)
        self._jobs.shown.connect(self.show_job)

    @Slot()
    def new_job(self) -> None:
        """Bring the form for a new job to the front."""
        self._navigation.show("jobs")
        if self.stack.currentWidget() is not self.form:
            self.list.clear()
            self.stack.setCurrentWidget(self.form)
            self.form.begin()

    @Slot(str)
    def show_job(self, submission: str) -> None:
        """Bring a job to the front."""
        self._navigation.show("jobs")
        self.stack.setCurrentWidget(self.detail)
        self.list.choose(submission)
        self.list.view.setFocus()

    @Slot(str)
    def _start_anew(self, submission: str) -> None:
        self.list.clear()
        self.stack.setCurrentWidget(self.form)
        self.form.begin(self._jobs.record(submission))

    @Slot(str)
    def _show_job(self, submission: str) -> None:
        if submission:
            self.detail.show_job(submission)
            self.stack.setCurrentWidget(self.detail)
        elif self.stack.currentWidget() is not self.form:
            self.stack.setCurrentWidget(self.empty)

    @Slot()
    def _leave_form(self) -> None:
        self.stack.setCurrentWidget(self.empty)
        self.list.choose("")

    @Slot(str)
    def _show_tab(self, tab: str) -> None:
        if tab == CONNECTIONS:
            self.connections_wanted.emit()
        else:
            self._navigation.show(tab)

    @Slot()
    def show_models(self) -> None:
        """Open the models of the engine in use; of this computer's where a service is no engine."""
        active = self._connections.active.id
        is_engine = self._connections.models_at(active) is not None
        where = active if is_engine else THIS_COMPUTER
        ModelsDialog(self._connections, where, self._theme, self.window()).open()

    @Slot()
    def _show_cost(self) -> None:
        self._navigation.show("cost")
