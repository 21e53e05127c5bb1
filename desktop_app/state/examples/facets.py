"""What the list can be filtered by: tags, languages, sources, as a worker counts them."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.open_project import OpenProject
from desktop_app.state.project_reading import ProjectReading
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Facets

AFTER_MS = 700
"""Without a further edit: they are not counted while somebody types."""


class ProjectFacets(ProjectReading):
    """`facets` is what was last counted, none where no project is open; `arrived` when new."""

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        self.facets = Facets()
        super().__init__(open_project, runner, parent)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(AFTER_MS)
        self._pause.timeout.connect(self.refresh)
        open_project.opened.connect(self.refresh)
        open_project.changed.connect(self._wait)
        open_project.closed.connect(self._pause.stop)
        self.arrived.connect(self._catch_up)

    def work(self, path: Path) -> BlockingWork:
        """Count with a connection of the worker's own."""

        def count(_report: object, _should_stop: object) -> Facets:
            with closing(Project.open(path, shared=True)) as project:
                return project.facets()

        return count

    def keep(self, result: object) -> None:
        self.facets = result if isinstance(result, Facets) else Facets()

    @Slot()
    def read_again(self) -> None:
        """Count anew what no edit has changed, as the advice that a review has found."""
        self._mark_stale()
        self._wait()

    @Slot()
    def _wait(self) -> None:
        self._pause.start()

    @Slot()
    def _catch_up(self) -> None:
        """What changed while it was counted is counted again."""
        if not self.is_current:
            self._pause.start()
