"""The evaluations of the open project: read when it opens, written by a worker as they grow."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.evaluation.document import KIND, EvaluationDocument, decode, encode
from desktop_app.state.kept_documents import reading_documents
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.project import Project


class EvaluationStore(QObject):
    """Newest first. `failed` carries what kept one from being written."""

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._documents: list[EvaluationDocument] = []
        self._reading: Task | None = None
        self._writing: Task | None = None
        self._being_written: EvaluationDocument | None = None
        self._unwritten: dict[str, EvaluationDocument] = {}
        open_project.opened.connect(self._load)
        open_project.closing.connect(self._write_all)
        open_project.closed.connect(self._clear)
        if open_project.is_open:
            self._load()

    @property
    def documents(self) -> tuple[EvaluationDocument, ...]:
        return tuple(self._documents)

    def document(self, id: str) -> EvaluationDocument | None:
        return next((each for each in self._documents if each.id == id), None)

    def put(self, document: EvaluationDocument, *, write: bool = True) -> None:
        """Take a new or a changed evaluation; it is on disk before long.

        Without `write` that may wait for the next one, or until the project is closed.
        """
        for place, each in enumerate(self._documents):
            if each.id == document.id:
                self._documents[place] = document
                break
        else:
            self._documents.insert(0, document)
        self._unwritten[document.id] = document
        if write:
            self._write()
        self.changed.emit()

    def remove(self, id: str) -> None:
        """Delete an evaluation. Raises ProjectError if that cannot be written."""
        self._unwritten.pop(id, None)
        self._open_project.project.delete_document(KIND, id)
        self._documents = [each for each in self._documents if each.id != id]
        self.changed.emit()

    def _write(self) -> None:
        # One at a time, so that an older state never lands on a newer one.
        if self._writing is None and self._unwritten:
            _, document = self._unwritten.popitem()
            self._being_written = document
            self._writing = self._runner.run_blocking(_writer(self._open_project.path, document))
            self._writing.failed.connect(self.failed)
            self._writing.finished.connect(self._write_next)

    @Slot()
    def _write_next(self) -> None:
        self._writing = None
        written, self._being_written = self._being_written, None
        if not self._open_project.is_open:
            return
        if written is not None and self.document(written.id) is None:
            # It was deleted while the worker wrote it.
            self._open_project.project.delete_document(KIND, written.id)
        self._write()

    @Slot()
    def _write_all(self) -> None:
        """Write here and now what a worker would come too late for."""
        late = {}
        if self._writing is not None and self._being_written is not None:
            self._writing.cancel()
            late[self._being_written.id] = self._being_written
        for document in (late | self._unwritten).values():
            try:
                _save(self._open_project.project, document)
            except ProjectError as error:
                self.failed.emit(error)
        self._unwritten.clear()

    @Slot()
    def _load(self) -> None:
        self._clear()
        self._reading = self._runner.run_blocking(
            reading_documents(self._open_project.path, KIND, decode)
        )
        self._reading.succeeded.connect(self._take)

    @Slot(object)
    def _take(self, found: tuple[list[EvaluationDocument], int]) -> None:
        # Of a damaged one nothing of the user's own is lost: it can be measured again.
        documents, _ = found
        self._reading = None
        here = {each.id for each in self._documents}
        self._documents += [each for each in documents if each.id not in here]
        self.changed.emit()

    @Slot()
    def _clear(self) -> None:
        if self._reading is not None:
            self._reading.succeeded.disconnect(self._take)
            self._reading.cancel()
            self._reading = None
        self._unwritten.clear()
        self._documents = []
        self.changed.emit()


def _writer(path: Path, document: EvaluationDocument) -> BlockingWork:
    def write(_report: object, should_stop: Callable[[], bool]) -> None:
        with closing(Project.open(path, shared=True)) as project:
            if not should_stop():
                _save(project, document)

    return write


def _save(project: Project, document: EvaluationDocument) -> None:
    project.save_document(KIND, document.id, document.title, encode(document))
