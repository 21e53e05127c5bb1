import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project

TALK = Conversation((Message("user", "hello"), Message("assistant", "good day")))


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    opened.create(tmp_path / "one.exemplar")
    opened.add([TALK])
    yield opened
    opened.close()


@pytest.fixture
def happened(project: OpenProject) -> list[str]:
    """Opening and closing, in order."""
    names: list[str] = []
    project.closing.connect(lambda: names.append("closing"))
    project.closed.connect(lambda: names.append("closed"))
    project.opened.connect(lambda: names.append("opened"))
    return names


def test_the_open_project_is_known_under_any_name_of_its_file(
    project: OpenProject, happened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for name in (Path("one.exemplar"), tmp_path / "link" / "one.exemplar"):
        project.open(name)
    assert happened == []


def test_a_path_on_the_command_line_holds_wherever_the_program_goes(
    project: OpenProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project.close()
    project.open(Path("one.exemplar"))
    assert project.path == tmp_path / "one.exemplar"
    monkeypatch.chdir(os.sep)
    project.add([TALK])
    assert project.counts.conversations == 2


def test_what_cannot_be_opened_leaves_the_other_one_open(
    project: OpenProject, happened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.create(tmp_path / "two.exemplar").close()
    before = project.path

    def spoil(_project: Project, _refused_traits: int) -> None:
        raise ProjectError(ProjectErrorKind.DAMAGED, tmp_path / "two.exemplar")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "counts", spoil)
        with pytest.raises(ProjectError):
            project.open(tmp_path / "two.exemplar")
    with pytest.raises(ProjectError):
        project.open(tmp_path / "none.exemplar")
    assert (project.path, happened) == (before, [])
    # It was let go of again.
    project.open(tmp_path / "two.exemplar")
    assert happened == ["closing", "closed", "opened"]


def test_a_second_program_is_told_that_the_project_is_in_use(project: OpenProject) -> None:
    second = OpenProject()
    with pytest.raises(ProjectError) as caught:
        second.open(project.path)
    assert caught.value.kind is ProjectErrorKind.IN_USE
    assert not second.is_open
