"""What the tests of importing and exporting stand on: real files, project and dialogs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.settings import SettingsFile
from desktop_app.ui.actions import Actions
from desktop_app.ui.project_files import ProjectFiles

Widget = TypeVar("Widget", bound=QWidget)
MENDABLE = '{"messages": [{"role": "user", "content": "where?"},],}'


@dataclass
class Desk:
    """A window with nothing in it but what brings files in and out."""

    folder: Path
    project: OpenProject
    exchange: FileExchange
    actions: Actions
    files: ProjectFiles
    window: QWidget
    said: list[Notice]

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def dialog(self, qtbot: QtBot, kind: type[Widget]) -> Widget:
        """Return the one dialog of a kind, once it is open."""
        qtbot.waitUntil(lambda: any(d.isVisible() for d in self.window.findChildren(kind)))
        [found] = [dialog for dialog in self.window.findChildren(kind) if dialog.isVisible()]
        return found

    def idle(self) -> bool:
        return not self.files.imports.is_busy


@contextmanager
def open_desk(qtbot: QtBot, folder: Path) -> Iterator[Desk]:
    runner, project, notices = TaskRunner(), OpenProject(), Notices()
    edited = EditedConversation(project)
    exchange = FileExchange(project, runner)
    preferences = Preferences(SettingsFile(folder / "config" / "settings.json"), notices)
    window = QWidget()
    window.resize(1200, 800)
    qtbot.addWidget(window)
    sample = folder / "sample.jsonl"
    files = ProjectFiles(
        project, exchange, preferences, notices, edited, folder / "projects", sample, window
    )
    actions = Actions(project)
    files.connect_actions(actions)
    said: list[Notice] = []
    notices.posted.connect(said.append)
    window.show()
    yield Desk(folder, project, exchange, actions, files, window, said)
    project.close()
    assert runner.shut_down()


def line(text: str, reply: str = "It is on its way.") -> str:
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": reply}]
    return json.dumps({"messages": messages}, ensure_ascii=False)
