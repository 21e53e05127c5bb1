"""The project that is open: every change to it passes here and is announced from here."""

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Counts, HistoryEntry, Touched

NOTHING = Counts(conversations=0, training=0, test=0, with_problems=0)
MOST_NAMED = 1000
"""Conversations that are told one by one; of more, everything is said to have changed."""

COUNTED_AT_ONCE = 20_000
"""Conversations that are counted on the window's thread, within 4 ms; more by a worker."""

EVERYTHING = Touched(ids=(), order_changed=True)
"""What is announced when too much changed to name it."""


class OpenProject(QObject):
    """At most one project. Methods that edit raise ProjectError and leave the file as it was.

    While it is busy with a large step on another thread they raise it of the kind BUSY.
    """

    opened = Signal()
    closing = Signal()
    closed = Signal()
    changed = Signal(object)
    counts_changed = Signal(object)
    history_changed = Signal()
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None, *, runner: TaskRunner | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._project: Project | None = None
        self._counting: Task | None = None
        self._refused_traits = 0
        self.is_busy = False
        self.counts = NOTHING

    # Opening and closing

    @property
    def is_open(self) -> bool:
        return self._project is not None

    @property
    def project(self) -> Project:
        """The open project, for reading. Raises RuntimeError when there is none."""
        if self._project is None:
            raise RuntimeError("no project is open")
        return self._project

    @property
    def path(self) -> Path:
        return self.project.path

    @property
    def name(self) -> str:
        return self.path.stem if self.is_open else ""

    def create(self, path: Path, *, replace: bool = False) -> None:
        """Make a project file, in place of another one if `replace` says so, and open it."""
        self._take(Project.create(path.absolute(), replace=replace))

    def open(self, path: Path) -> None:
        """Open a project file; the one that was open stays so if this fails."""
        if self.is_open and self.path.resolve() == path.resolve():
            return
        self._take(Project.open(path.absolute()))

    def close(self) -> None:
        """Close the project; on `closing` it can still be written, on `closed` it is gone."""
        if self._project is not None:
            self.closing.emit()
            self._stop_counting()
            self._project.close()
            self._project = None
            self.set_busy(False)
            self.counts = NOTHING
            self.closed.emit()

    def _take(self, project: Project) -> None:
        try:
            counts = self._counts_of(project)
        except BaseException:
            project.close()
            raise
        self.close()
        self._project = project
        self._set_counts(counts or Counts(project.most_conversations(), 0, 0, 0))
        self.opened.emit()
        self.history_changed.emit()
        if counts is None:
            self._count()

    # Editing

    def add(
        self,
        conversations: Sequence[Conversation],
        label: str = "add",
        *,
        source: str = "",
        after: int | None = None,
    ) -> list[int]:
        """Add conversations behind another one, or at the end; return their ids."""
        self._refuse_if_busy()
        ids = self.project.add(conversations, label=label, source=source, after=after)
        self._announce(ids, order_changed=True)
        return ids

    def replace(
        self, id: int, conversation: Conversation, label: str = "edit", merge_key: str = ""
    ) -> None:
        """Put a changed conversation in the place of the old one."""
        self._refuse_if_busy()
        had_problem = self._has_problem(id)
        self.project.replace(id, conversation, label=label, merge_key=merge_key)
        more = self._has_problem(id) - had_problem
        # Counting them all takes a tenth of a second at a million, too long while typing.
        self._set_counts(
            dataclasses.replace(self.counts, with_problems=self.counts.with_problems + more)
        )
        self._tell(Touched((id,), order_changed=False))

    def edit(
        self,
        make: Callable[[Project], object],
        ids: Sequence[int] = (),
        *,
        order_changed: bool = False,
    ) -> None:
        """Have the project make one undoable step and tell what it touched; no ids means all."""
        self._refuse_if_busy()
        make(self.project)
        self._announce(ids, order_changed=order_changed)

    def undo(self) -> None:
        self._travel(self.project.undo)

    def redo(self) -> None:
        self._travel(self.project.redo)

    @property
    def undo_entry(self) -> HistoryEntry | None:
        return self.project.undo_entry() if self.is_open else None

    @property
    def redo_entry(self) -> HistoryEntry | None:
        return self.project.redo_entry() if self.is_open else None

    def _travel(self, step: Callable[[], Touched | None]) -> None:
        self._refuse_if_busy()
        touched = step()
        if touched is not None:
            self.announce(touched)

    # Waiting for a large step

    @Slot(bool)
    def set_busy(self, busy: bool) -> None:
        """Refuse edits from now on, or take them again."""
        if busy != self.is_busy:
            self.is_busy = busy
            self.busy_changed.emit(busy)

    def _refuse_if_busy(self) -> None:
        if self.is_busy:
            raise ProjectError(ProjectErrorKind.BUSY, self.path)

    # Telling the others

    def announce(self, touched: Touched) -> None:
        """Tell everyone what changed; called as well after a worker wrote to the file."""
        self._count()
        self._tell(touched)

    def _announce(self, ids: Sequence[int], *, order_changed: bool) -> None:
        is_named = 0 < len(ids) <= MOST_NAMED
        self.announce(Touched(tuple(ids), order_changed) if is_named else EVERYTHING)

    def set_refused_traits(self, traits: int) -> None:
        """Count as problems what the service that is chosen refuses."""
        if traits != self._refused_traits:
            self._refused_traits = traits
            self.recount()

    def _tell(self, touched: Touched) -> None:
        self.changed.emit(touched)
        self.history_changed.emit()

    # Counting

    def _has_problem(self, id: int) -> bool:
        rows = self.project.rows([id], "")
        return any(row.n_blocking > 0 or row.traits & self._refused_traits for row in rows)

    def _counts_of(self, project: Project) -> Counts | None:
        """Count now, unless there may be too many for this thread."""
        if self._runner is not None and project.most_conversations() > COUNTED_AT_ONCE:
            return None
        return project.counts(self._refused_traits)

    def recount(self) -> None:
        """Count again: something was found out that is no edit."""
        if self.is_open:
            self._count()

    def _count(self) -> None:
        self._stop_counting()
        counts = self._counts_of(self.project)
        if counts is not None:
            self._set_counts(counts)
        elif self._runner is not None:
            work = _counting(self.path, self._refused_traits)
            self._counting = self._runner.run_blocking(work)
            self._counting.succeeded.connect(self._take_counts)

    def _stop_counting(self) -> None:
        if self._counting is not None:
            self._counting.succeeded.disconnect(self._take_counts)
            self._counting.cancel()
            self._counting = None

    @Slot(object)
    def _take_counts(self, counts: Counts) -> None:
        self._counting = None
        self._set_counts(counts)

    def _set_counts(self, counts: Counts) -> None:
        self.counts = counts
        self.counts_changed.emit(counts)


def _counting(path: Path, refused_traits: int) -> BlockingWork:
    def count(_report: object, _should_stop: object) -> Counts:
        with closing(Project.open(path, shared=True)) as project:
            return project.counts(refused_traits)

    return count
