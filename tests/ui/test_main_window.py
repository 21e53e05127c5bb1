import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.navigation import TABS, Navigation
from desktop_app.state.notices import Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.settings import SettingsFile
from desktop_app.ui.about_dialogs import AboutDialog, ShortcutsDialog
from desktop_app.ui.actions import Actions
from desktop_app.ui.connections.connection_picker import WIDTH as PICKER_WIDTH
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.notice_bar import NoticeBar
from desktop_app.ui.project_files import ProjectFiles
from desktop_app.ui.theme import RESOURCES, Theme
from tests.state.examples.desk_bench import make_desk

SAMPLE = RESOURCES / "samples" / "harbour.jsonl"


@dataclass
class Program:
    """The window over real state, with empty pages."""

    folder: Path
    project: OpenProject
    preferences: Preferences
    navigation: Navigation
    exchange: FileExchange
    actions: Actions
    files: ProjectFiles
    notices: NoticeBar
    window: MainWindow


@pytest.fixture
def program(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Program]:
    runner = TaskRunner()
    desk = make_desk(tmp_path, runner)
    project, exchange = desk.open_project, desk.exchange
    navigation, notices = Navigation(), Notices()
    preferences = Preferences(SettingsFile(tmp_path / "config" / "settings.json"), notices)
    actions = Actions(project)
    theme = Theme(qapp)
    window = MainWindow(desk, preferences, navigation, actions, theme)
    qtbot.addWidget(window)
    files = ProjectFiles(
        project, exchange, preferences, notices, desk.edited, tmp_path / "projects", SAMPLE, window
    )
    bar = NoticeBar(notices)
    jobs = QMenu("Jobs")
    jobs.addAction(actions.new_job)
    message = QMenu("Message")
    message.addActions([actions.message_up, actions.message_down])
    window.fill({tab: QWidget() for tab in TABS}, [bar], QWidget(), files, message, [jobs])
    window.show()
    yield Program(tmp_path, project, preferences, navigation, exchange, actions, files, bar, window)
    project.close()
    assert runner.shut_down()
    theme.deleteLater()
    qapp.setStyleSheet("")


def lines(count: int) -> str:
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    return "\n".join([json.dumps({"messages": messages})] * count)


def drop(program: Program, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    program.window.dropEvent(event)


def test_the_sample_is_made_once_and_then_opened_again(qtbot: QtBot, program: Program) -> None:
    with qtbot.waitSignal(program.exchange.imported, timeout=10_000):
        program.window.welcome.sample_button.click()
    first = program.project.counts
    assert first.conversations >= 50
    assert first.with_problems == 1
    assert first.test >= 5
    assert "Harbour" in program.window.windowTitle()
    program.actions.close_project.trigger()
    assert program.window.windowTitle() == "Exemplar"
    program.actions.open_sample.trigger()
    assert program.project.counts == first


def test_a_dropped_file_makes_a_project_of_its_name(qtbot: QtBot, program: Program) -> None:
    file = program.folder / "tickets.jsonl"
    file.write_text(lines(12))
    with qtbot.waitSignal(program.exchange.imported, timeout=10_000):
        drop(program, file)
    assert program.project.name == "tickets"
    assert program.project.counts.conversations == 12
    with qtbot.waitSignal(program.exchange.imported, timeout=10_000):
        drop(program, file)
    assert program.project.counts.conversations == 24


def test_a_project_that_is_none_leaves_the_open_one(program: Program) -> None:
    program.files.open(str(make(program, "good.exemplar")))
    bad = program.folder / "bad.exemplar"
    bad.write_text("not a project")
    assert not program.files.open(str(bad))
    assert "is not an Exemplar project" in program.notices.texts()[0]
    assert program.project.name == "good"
    assert bad.read_text() == "not a project"


def make(program: Program, name: str) -> Path:
    path = program.folder / name
    program.project.create(path)
    question = Message(role="user", content="q")
    program.project.add([Conversation((question, Message(role="assistant", content="a")))])
    program.project.close()
    return path


def test_a_project_that_is_gone_leaves_the_recent_ones(program: Program) -> None:
    path = make(program, "gone.exemplar")
    program.files.open(str(path))
    assert str(path) in program.preferences.settings.recent_projects
    program.project.close()
    path.unlink()
    assert not program.files.open(str(path))
    assert str(path) not in program.preferences.settings.recent_projects


def test_dialogs_are_freed_when_closed(qtbot: QtBot, program: Program) -> None:
    for action, kind in (
        (program.actions.about, AboutDialog),
        (program.actions.shortcuts, ShortcutsDialog),
        (program.actions.open_project, QFileDialog),
    ):
        action.trigger()
        [dialog] = program.window.findChildren(kind)
        with qtbot.waitSignal(dialog.destroyed):
            dialog.close()


def test_tabs_are_reached_by_key_and_remember_nothing_between(program: Program) -> None:
    program.files.open(str(make(program, "tabs.exemplar")))
    for action, tab in zip(program.actions.tabs, TABS, strict=True):
        action.trigger()
        assert program.navigation.tab == tab
        assert program.window.header.tabs.currentIndex() == TABS.index(tab)


def test_the_theme_is_remembered(program: Program) -> None:
    for name in ("dark", "system"):
        program.actions.themes[name].trigger()
        assert program.preferences.settings.theme == name


def test_every_action_has_a_text_and_is_in_a_menu(program: Program) -> None:
    in_menus: set[QAction] = set()
    menus = program.window.menuBar().findChildren(QMenu)
    for menu in menus:
        in_menus.update(menu.actions())
    listed = [a for a in vars(program.actions).values() if hasattr(a, "setMenuRole")]
    assert listed
    for action in listed:
        assert action.text()
        assert action in in_menus, action.text()


def test_shortcuts_are_unique(program: Program) -> None:
    keys = [
        action.shortcut().toString()
        for action in [*vars(program.actions).values(), *program.actions.tabs]
        if hasattr(action, "shortcut") and action.shortcut().toString()
    ]
    assert len(keys) == len(set(keys))


def test_tabs_with_long_badges_and_the_connection_fit_the_smallest_window(
    program: Program,
) -> None:
    header = program.window.header
    header.set_badge("examples", "1,000,000")
    header.set_badge("jobs", "12 running", "accent")
    room = program.window.minimumWidth() - header.tabs.sizeHint().width()
    assert room >= PICKER_WIDTH + 28


def test_an_import_into_an_open_project_never_takes_it_away(qtbot: QtBot, program: Program) -> None:
    path = make(program, "mine.exemplar")
    program.files.open(str(path))
    file = program.folder / "nothing.jsonl"
    file.write_text('{"messages": 5}')
    with qtbot.waitSignal(program.exchange.finished, timeout=10_000):
        program.files.import_file(file)
    assert program.project.name == "mine"
    assert path.exists()


def test_a_second_import_waits_for_the_first(qtbot: QtBot, program: Program) -> None:
    file = program.folder / "many.jsonl"
    file.write_text(lines(20_000))
    with qtbot.waitSignal(program.exchange.imported, timeout=20_000):
        program.files.import_file(file)
        program.files.import_file(file)
        assert "An import is going on" in program.notices.texts()[0]
    assert program.project.counts.conversations == 20_000
