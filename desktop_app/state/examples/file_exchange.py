"""Bringing conversations in from files and taking them out, off the GUI thread."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.format import Detected
from desktop_app.state.examples.exchange.exporting import TrainingExport, training_exporter
from desktop_app.state.examples.exchange.importing import (
    Answer,
    ImportPlan,
    ImportQuestion,
    ImportReport,
    Mending,
    importer,
)
from desktop_app.state.examples.exchange.looking import Looking
from desktop_app.state.examples.exchange.report_file import report_saver
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.exchange.table_choice import TableChoice
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import EVERYTHING, OpenProject


class FileExchange(QObject):
    """One import or export at a time; the project can be edited meanwhile.

    `name` is what is being read or written, or was last. `asked` carries an ImportQuestion, and the
    import waits for `answer` or `cancel`: nothing of it is visible until then. An import ends when
    its project is closed, and leaves nothing; `let_go` tells when nobody has that file open any
    more. An export goes on.
    """

    started = Signal(str)
    progressed = Signal(object)
    asked = Signal(object)
    imported = Signal(object)
    exported = Signal(object)
    report_saved = Signal(object)
    report_failed = Signal(object)
    failed = Signal(object)
    finished = Signal()
    let_go = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._task: Task | None = None
        self._answer: Answer | None = None
        self.name = ""
        self._saving = LatestTask(runner, self)
        self._saving.done.connect(self.report_saved)
        self._saving.failed.connect(self.report_failed)
        self._is_dropped = False
        open_project.closing.connect(self._drop_import)
        open_project.closed.connect(self._end_dropped)

    @property
    def is_running(self) -> bool:
        return self._task is not None

    # Looking first

    def looking(self) -> Looking:
        """Return what takes looks at files before they are imported."""
        return Looking(self._runner)

    def table_choice(self, source: Source, detected: Detected) -> TableChoice:
        """Return what a column mapper stands on."""
        return TableChoice(self._runner, source, detected)

    def latest_task(self) -> LatestTask:
        """Return what works out, while a dialog is open, what an export would hold."""
        return LatestTask(self._runner)

    # Doing it

    def import_from(self, plan: ImportPlan) -> None:
        """Read a source into the project as one step that can be undone."""
        if self._task is not None:
            return
        answer = self._answer = Answer()
        work = importer(self._open_project.path, plan, answer)
        task = self._begin(work, plan.source.name)
        task.succeeded.connect(self._take_import)

    def answer(self, mending: Mending) -> None:
        """Finish the import that waits, these rows mended and the others left out."""
        if self._answer is not None:
            self._answer.give(mending)

    def export_training(self, training: Path, wanted: TrainingExport) -> None:
        """Write the training file, and beside it the test file if conversations are held out."""
        self.export(training_exporter(self._open_project.path, training, wanted), training.name)

    def export(self, work: BlockingWork, name: str) -> None:
        """Write anything else; the work reports ImportProgress and returns an ExportReport."""
        if self._task is None:
            self._begin(work, name).succeeded.connect(self.exported)

    def save_report(self, report: ImportReport, path: Path) -> None:
        """Write the rows that could not be read as a table; also while an import waits."""
        self._saving.run(report_saver(report, path))

    @Slot()
    def cancel(self) -> None:
        """Stop; an import that is stopped leaves the project as it was."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, work: BlockingWork, name: str) -> Task:
        task = self._task = self._runner.run_blocking(work)
        task.progressed.connect(self._take_progress)
        task.failed.connect(self.failed)
        task.finished.connect(self._finish)
        self.name = name
        self.started.emit(name)
        return task

    @Slot(object)
    def _take_progress(self, progress: object) -> None:
        if isinstance(progress, ImportQuestion):
            self.asked.emit(progress)
        else:
            self.progressed.emit(progress)

    @Slot()
    def _drop_import(self) -> None:
        """Nothing of it may reach the project that is opened next, nor keep that one waiting."""
        if self._task is not None and self._answer is not None:
            self._task.finished.disconnect(self._finish)
            self._task.finished.connect(self.let_go)
            self._task.cancel()
            self._is_dropped = True

    @Slot()
    def _end_dropped(self) -> None:
        if self._is_dropped:
            self._is_dropped = False
            self._finish()

    @Slot(object)
    def _take_import(self, report: ImportReport) -> None:
        if report.imported:
            self._open_project.announce(EVERYTHING)
        self.imported.emit(report)

    @Slot()
    def _finish(self) -> None:
        self._task = self._answer = None
        self.finished.emit()
