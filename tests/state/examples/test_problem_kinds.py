from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import rules_for
from desktop_app.state.examples import problem_kinds
from desktop_app.state.examples.bulk_edit import StepControl
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.examples.problem_kinds import mended, mending_all, problem_filter
from tests.state.examples.desk_bench import make_desk

GOOD = Conversation((Message("user", "a"), Message("assistant", "b")))
EMPTY = Conversation((*GOOD.messages, Message("user", "c"), Message("assistant", "")))
ONLY_EMPTY = Conversation((Message("user", "a"), Message("assistant", "")))
DEVELOPER = Conversation((Message("developer", "Be brief."), *GOOD.messages))
BOTH = Conversation((Message("developer", "Be brief."), *EMPTY.messages))
TWICE = Conversation((Message("user", "a"), *GOOD.messages))
OTHER = rules_for("other")


@pytest.fixture
def desk(qapp: object, tmp_path: Path) -> Iterator[ExamplesDesk]:
    runner = TaskRunner()
    desk = make_desk(tmp_path, runner)
    desk.open_project.create(tmp_path / "one.exemplar")
    desk.open_project.add([GOOD, EMPTY, ONLY_EMPTY, DEVELOPER, BOTH])
    yield desk
    desk.open_project.close()
    assert runner.shut_down()


def read(qtbot: QtBot, desk: ExamplesDesk) -> dict[str, tuple[int, int]]:
    """What there is of each code: conversations, and how many of them can be mended."""
    with qtbot.waitSignal(desk.problems.arrived):
        desk.problems.refresh()
    return {kind.finding.code: (kind.conversations, kind.mendable) for kind in desk.problems.kinds}


def control(*, stopped: bool = False) -> StepControl:
    return StepControl(lambda _progress: None, lambda: stopped)


def test_each_kind_is_counted_by_conversation(qtbot: QtBot, desk: ExamplesDesk) -> None:
    found = read(qtbot, desk)
    assert found["empty_reply"][0] == 3
    assert found["developer_role"] == (2, 2)
    counts = [kind.conversations for kind in desk.problems.kinds]
    assert counts == sorted(counts, reverse=True)


def test_it_is_read_again_only_after_a_change(qtbot: QtBot, desk: ExamplesDesk) -> None:
    read(qtbot, desk)
    with qtbot.assertNotEmitted(desk.problems.arrived, wait=50):
        desk.problems.refresh()
    desk.open_project.add([DEVELOPER])
    assert read(qtbot, desk)["developer_role"] == (3, 3)


def test_other_rules_find_other_problems(qtbot: QtBot, desk: ExamplesDesk) -> None:
    desk.open_project.add([TWICE])
    assert "same_role_twice" not in read(qtbot, desk)
    desk.rules.set_method("dpo")
    assert read(qtbot, desk)["no_replies_to_compare"][0] == 6


def test_another_project_has_its_own(qtbot: QtBot, desk: ExamplesDesk, tmp_path: Path) -> None:
    read(qtbot, desk)
    desk.open_project.create(tmp_path / "two.exemplar")
    assert desk.problems.kinds == ()
    assert read(qtbot, desk) == {}


def test_of_very_many_the_first_are_looked_at(
    qtbot: QtBot, desk: ExamplesDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem_kinds, "MOST_LOOKED_AT", 1)
    assert read(qtbot, desk) == {"empty_reply": (1, 1)}


def test_all_problems_of_a_conversation_are_mended() -> None:
    assert mended(GOOD, OTHER) == GOOD
    assert mended(DEVELOPER, OTHER).messages[0].role == "system"
    assert [m.role for m in mended(BOTH, OTHER).messages] == ["system", "user", "assistant"]


def test_mending_all_is_one_step(desk: ExamplesDesk) -> None:
    project = desk.open_project.project
    assert len(project.ids(problem_filter(OTHER))) == 4
    assert mending_all(OTHER)(project, control()) == 3
    # A reply that is empty and alone has no evident mend.
    assert list(project.ids(problem_filter(OTHER))) == [project.ids()[2]]
    assert mending_all(OTHER)(project, control()) == 0
    desk.open_project.undo()
    assert len(project.ids(problem_filter(OTHER))) == 4


def test_mending_that_is_stopped_changes_nothing(desk: ExamplesDesk) -> None:
    before = desk.open_project.undo_entry
    assert mending_all(OTHER)(desk.open_project.project, control(stopped=True)) == 0
    assert desk.open_project.undo_entry == before


def test_what_one_service_refuses_is_a_problem_there(desk: ExamplesDesk) -> None:
    [id] = desk.open_project.add([TWICE])
    project = desk.open_project.project
    strict = [
        rules for rules in map(rules_for, ("openai", "foundry", "nebius", "local"))
        if id in project.ids(problem_filter(rules))
    ]  # fmt: skip
    assert strict
    assert id not in project.ids(problem_filter(OTHER))
