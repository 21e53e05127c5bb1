"""Keeps the open project's test set at hand."""

from pathlib import Path

from PySide6.QtCore import QObject
from typing_extensions import override

from desktop_app.background.call import BlockingWork
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.evaluation.test_set import TestSet, reading
from desktop_app.state.open_project import OpenProject
from desktop_app.state.project_reading import ProjectReading


class TestSetReader(ProjectReading):
    """`test_set` is None until it has been read."""

    __test__ = False  # Its name is no test's.

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(open_project, runner, parent)
        self.test_set: TestSet | None = None

    @override
    def work(self, path: Path) -> BlockingWork:
        return reading(path)

    @override
    def keep(self, result: object) -> None:
        self.test_set = result if isinstance(result, TestSet) else None
