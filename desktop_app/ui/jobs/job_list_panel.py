"""The left side of Jobs: all jobs of the project, and the button for a new one."""

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from desktop_app.state.jobs.job_list import JobList
from desktop_app.ui.jobs.job_delegate import JobDelegate
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Panel, button, label, row, rule


class JobListPanel(Panel):
    """`chosen` carries the submission of the job to be shown, "" for none."""

    chosen = Signal(str)
    new_wanted = Signal()

    def __init__(self, jobs: JobList, theme: Theme) -> None:
        super().__init__(margin=0, spacing=0)
        self._jobs = jobs
        self._wanted = ""
        self.new_job = button(self.tr("New job"), "primary", "plus")
        self.new_job.clicked.connect(self.new_wanted)
        self.view = QListView()
        self.view.setModel(jobs)
        self.view.setItemDelegate(JobDelegate(theme, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.view.setProperty("kind", "plain")
        self.view.setAccessibleName(self.tr("Jobs"))
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.selectionModel().currentChanged.connect(self._choose)
        head = QWidget()
        head.setLayout(row(label(self.tr("Jobs"), "heading"), None, self.new_job, margin=12))
        self.body.addWidget(head)
        self.body.addWidget(rule())
        self.body.addWidget(self.view, 1)
        jobs.modelReset.connect(self._choose_again)
        jobs.rowsInserted.connect(self._choose_again)
        jobs.rowsRemoved.connect(self._choose_again)
        self._choose_again()

    @property
    def current(self) -> str:
        """The job that is selected, "" for none."""
        return self._jobs.submission_at(self.view.currentIndex().row())

    def choose(self, submission: str) -> None:
        """Select a job, now or as soon as it is listed."""
        self._wanted = submission
        self._choose_again()

    def clear(self) -> None:
        """Select none, as while a new job is being described."""
        self._wanted = ""
        self.view.selectionModel().clear()

    @Slot()
    def _choose_again(self) -> None:
        number = self._jobs.row_of(self._wanted)
        if number is None:
            number = 0 if self._jobs.rowCount() and not self.current else None
        if number is not None:
            self.view.setCurrentIndex(self._jobs.index(number))
        elif not self._jobs.rowCount():
            self.chosen.emit("")

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        submission = self._jobs.submission_at(index.row()) if index.isValid() else ""
        if submission:
            self._wanted = submission
        self.chosen.emit(submission)
