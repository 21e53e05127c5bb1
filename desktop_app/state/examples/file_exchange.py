"""Bringing conversations in from files and taking them out, off the GUI thread."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.chat_jsonl import RejectedLine, read_chat_jsonl
from desktop_app.core.examples.conversation import Conversation
from desktop_app.state.open_project import EVERYTHING, OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from desktop_app.storage.training_files import write_training_file

KEPT_REJECTIONS = 1000
"""How many unreadable lines are kept word for word; all are counted."""

Report = Callable[[object], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is. `share` of the bytes, 0 to 1; `seconds_left` None at first."""

    conversations: int
    share: float
    seconds_left: float | None


@dataclass
class ImportReport:
    """What an import brought, and every line that it could not read."""

    path: Path
    imported: int = 0
    n_rejected: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)


@dataclass(frozen=True)
class ExportReport:
    """The files that were written and how many conversations are in each."""

    training: Path
    n_training: int
    test: Path | None
    n_test: int


class FileExchange(QObject):
    """One import or export at a time; the project can be edited meanwhile.

    An import ends when its project is closed, and leaves nothing; an export goes on.
    """

    started = Signal(str)
    progressed = Signal(object)
    imported = Signal(object)
    exported = Signal(object)
    failed = Signal(object)
    finished = Signal()

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._task: Task | None = None
        self._is_import = False
        open_project.closing.connect(self._drop_import)

    @property
    def is_running(self) -> bool:
        return self._task is not None

    def import_file(self, path: Path, test_share: float) -> None:
        """Read a chat JSONL file into the project as one step that can be undone."""
        if self._task is not None:
            return
        task = self._begin(_importer(self._open_project.path, path, test_share), path.name)
        task.succeeded.connect(self._take_import)
        self._is_import = True

    def export_files(self, training: Path) -> None:
        """Write the training file, and beside it the test file if conversations are held out."""
        if self._task is not None:
            return
        task = self._begin(_exporter(self._open_project.path, training), training.name)
        task.succeeded.connect(self.exported)
        self._is_import = False

    def cancel(self) -> None:
        """Stop; an import that is stopped leaves the project as it was."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, work: Callable[[Report, ShouldStop], object], name: str) -> Task:
        task = self._task = self._runner.run_blocking(work)
        task.progressed.connect(self.progressed)
        task.failed.connect(self.failed)
        task.finished.connect(self._finish)
        self.started.emit(name)
        return task

    @Slot()
    def _drop_import(self) -> None:
        """Nothing of it may reach the project that is opened next, nor keep that one waiting."""
        if self._task is not None and self._is_import:
            self._task.finished.disconnect(self._finish)
            self._task.cancel()
            self._finish()

    @Slot(object)
    def _take_import(self, report: ImportReport) -> None:
        if report.imported:
            self._open_project.announce(EVERYTHING)
        self.imported.emit(report)

    @Slot()
    def _finish(self) -> None:
        self._task = None
        self.finished.emit()


def _importer(
    project_path: Path, path: Path, test_share: float
) -> Callable[[Report, ShouldStop], ImportReport]:
    def work(report: Report, should_stop: ShouldStop) -> ImportReport:
        result = ImportReport(path)
        total = max(1, path.stat().st_size)
        began = time.monotonic()

        def tell(n_conversations: int) -> None:
            share = min(1.0, file.tell() / total)
            spent = time.monotonic() - began
            left = spent / share * (1 - share) if share > 0 and spent > 1 else None
            report(ImportProgress(n_conversations, share, left))

        with closing(Project.open(project_path, shared=True)) as project, path.open("rb") as file:
            result.imported = project.import_conversations(
                _readable(iter(file.readline, b""), result),
                source=path.name,
                test_share=test_share,
                progress=tell,
                stop=should_stop,
            )
        return result

    return work


def _readable(lines: Iterator[bytes], result: ImportReport) -> Iterator[Conversation]:
    for item in read_chat_jsonl(lines):
        if isinstance(item, RejectedLine):
            result.n_rejected += 1
            if len(result.rejected) < KEPT_REJECTIONS:
                result.rejected.append(item)
        else:
            yield item


def _exporter(project_path: Path, training: Path) -> Callable[[Report, ShouldStop], ExportReport]:
    def work(_report: Report, should_stop: ShouldStop) -> ExportReport:
        with closing(Project.open(project_path, shared=True)) as project:
            counts = project.counts()
            n_training = write_training_file(training, _of(project, Split.TRAINING), should_stop)
            if counts.test == 0:
                return ExportReport(training, n_training, None, 0)
            test = training.with_name(f"{training.stem}-test{training.suffix}")
            n_test = write_training_file(test, _of(project, Split.TEST), should_stop)
            return ExportReport(training, n_training, test, n_test)

    return work


def _of(project: Project, split: Split) -> Iterator[Conversation]:
    return (conversation for _, conversation in project.conversations(split))
