from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.bulk_edit import Step, StepControl
from desktop_app.state.examples.choosing_test_set import choosing_share, choosing_tag
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split

LONG = "the parcel that was ordered in the first week of the month did not come yet and "
WORDS = ("lamp", "table", "mug", "chair", "shelf", "rug", "vase", "clock", "bowl", "plate")


def talk(question: str) -> Conversation:
    return Conversation((Message("user", question), Message("assistant", f"About {question}")))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "one.exemplar")
    project.add([talk(f"{word} {number} {word * 3}") for word in WORDS for number in range(4)])
    yield project
    project.close()


def make(step: Step, project: Project, *, stopped: bool = False) -> None:
    step(project, StepControl(lambda _progress: None, lambda: stopped))


def held_out(project: Project) -> set[int]:
    return set(project.ids(Filter(split=Split.TEST)))


def test_a_share_is_kept_and_what_is_held_stays(project: Project) -> None:
    make(choosing_share(0.1, keep_held=False), project)
    first = held_out(project)
    make(choosing_share(0.5, keep_held=True), project)

    assert len(first) == 4
    assert first < held_out(project)
    assert len(held_out(project)) == 20


def test_near_duplicates_stay_on_one_side(project: Project) -> None:
    alike = project.add([talk(LONG * 3 + f"number {number}") for number in range(5)])

    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        make(choosing_share(share, keep_held=False), project)
        assert len(held_out(project).intersection(alike)) in (0, 5)


def test_all_with_a_tag_and_no_others(project: Project) -> None:
    tagged = list(project.ids())[3:7]
    project.set_tag(tagged, "billing", on=True)
    project.set_split([project.ids()[0]], Split.TEST)

    make(choosing_tag("billing"), project)

    assert held_out(project) == set(tagged)
    project.undo()
    assert held_out(project) == {project.ids()[0]}


def test_a_step_that_is_stopped_changes_nothing(project: Project) -> None:
    before = project.undo_entry()

    make(choosing_share(0.5, keep_held=False), project, stopped=True)

    assert project.undo_entry() == before
