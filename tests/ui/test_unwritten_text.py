"""What the user sees where the project cannot be written, or is about to be replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop_app.app import Places, Program
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.ui.notice_bar import NoticeBar

TALK = Conversation((Message("user", "hello"), Message("assistant", "good day")))
LONG = "words that need room " * 10_000


@dataclass
class Desk:
    """A project with one conversation, in the program's window."""

    program: Program

    @property
    def texts(self) -> list[str]:
        """The notices that stand."""
        return self.program.window.findChildren(NoticeBar)[0].texts()

    def limit(self, pages: int) -> None:
        """Let the file grow so far: SQLite says of this what it says of a full disk."""
        connection = self.program.open_project.project._database.connection
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def type_onto_a_full_disk(self, text: str = LONG) -> None:
        self.limit(1)
        self.program.desk.edited.set_text(1, text)
        self.program.desk.edited.write()


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    program = Program(qapp, Places(tmp_path / "config", tmp_path / "engine", tmp_path))
    program.open_project.create(tmp_path / "one.exemplar")
    program.desk.edited.show(program.open_project.add([TALK])[0])
    yield Desk(program)
    program.shut_down()
    program.window.deleteLater()
    program.deleteLater()
    qapp.setStyleSheet("")


def test_a_full_disk_is_told_until_the_text_is_saved(desk: Desk) -> None:
    saved = desk.program.window.saved_label
    desk.type_onto_a_full_disk()
    [text] = desk.texts
    assert text.startswith("The disk is full.")
    assert text.endswith("saved as soon as it can be.")
    assert saved.text() == "Not saved"
    desk.limit(4294967294)
    assert desk.program.desk.edited.write()
    assert desk.texts == []
    assert saved.text() == "All changes saved"


def test_the_window_stays_until_its_user_lets_the_text_go(desk: Desk) -> None:
    window = desk.program.window
    window.show()
    desk.type_onto_a_full_disk()
    assert not window.close()
    assert window.isVisible()
    [text] = desk.texts
    assert "Close it once more" in text
    assert window.close()


def test_another_project_is_opened_only_once_the_text_is_let_go(desk: Desk, tmp_path: Path) -> None:
    project, files = desk.program.open_project, desk.program.files
    desk.type_onto_a_full_disk()
    files.close()
    assert project.is_open
    desk.type_onto_a_full_disk(LONG + "!")
    assert not files.open(str(tmp_path / "two.exemplar"))
    assert project.is_open
    files.close()
    assert not project.is_open


def test_the_project_that_is_open_is_not_replaced_by_a_new_one(desk: Desk) -> None:
    project = desk.program.open_project
    desk.program.files._new_at(str(project.path))
    assert project.counts.conversations == 1
    assert project.path.exists()
    assert "is open in another window" in desk.texts[0]


def test_another_project_is_replaced_as_its_user_has_said(desk: Desk, tmp_path: Path) -> None:
    project, two = desk.program.open_project, tmp_path / "two.exemplar"
    desk.program.files._new_at(str(two))
    project.add([TALK, TALK])
    project.open(tmp_path / "one.exemplar")
    desk.program.files._new_at(str(two))
    assert (project.path, project.counts.conversations) == (two, 0)
