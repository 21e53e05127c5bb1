from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.conversation_list import ROW, ConversationList
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Filter, Split


def chat(question: str, answer: str = "yes") -> Conversation:
    return Conversation(
        (Message(role="user", content=question), Message(role="assistant", content=answer))
    )


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    result = TaskRunner()
    yield result
    assert result.shut_down()


@pytest.fixture
def project(qapp: object, tmp_path: Path) -> Iterator[OpenProject]:
    opened = OpenProject()
    yield opened
    opened.close()


@pytest.fixture
def model(project: OpenProject, runner: TaskRunner, tmp_path: Path) -> ConversationList:
    result = ConversationList(project, runner)
    project.create(tmp_path / "many.exemplar")
    return result


def titles(model: ConversationList) -> list[str]:
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]  # type: ignore[misc]  # data() is typed object


def test_it_is_a_proper_model(
    model: ConversationList, project: OpenProject, qtmodeltester: ModelTester
) -> None:
    project.add([chat(f"question {n}") for n in range(300)])
    qtmodeltester.check(model)
    assert titles(model)[299] == "question 299"


def test_edits_repaint_their_row_only(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    ids = project.add([chat(f"question {n}") for n in range(5)])
    assert titles(model)[2] == "question 2"
    with qtbot.waitSignal(model.dataChanged) as changed:
        project.replace(ids[2], chat("another question"))
    assert changed.args is not None
    assert changed.args[0].row() == 2
    assert titles(model)[2] == "another question"


def test_a_search_finds_in_any_script(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    project.add(
        [
            chat("Where is it?"),
            chat("肌荒れにいいクリーム"),
            chat("هل يمكنني الدفع"),
            chat("x", "WHERE"),
        ]
    )
    for text, expected in (("where", 2), ("クリーム", 1), ("الدفع", 1), ("nowhere", 0)):
        with qtbot.waitSignal(model.filtered):
            model.set_filter(Filter(text=text))
        assert model.rowCount() == expected, text


def test_filters_by_use_and_problem(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    ids = project.add([chat("a"), chat("b", ""), chat("c")])
    project.set_split(ids[:1], Split.TEST)
    with qtbot.waitSignal(model.filtered):
        model.set_filter(Filter(split=Split.TEST))
    assert titles(model) == ["a"]
    with qtbot.waitSignal(model.filtered):
        model.set_filter(Filter(problems_only=True))
    assert titles(model) == ["b"]


def test_rows_carry_what_the_list_paints(model: ConversationList, project: OpenProject) -> None:
    project.add([chat("Question\nsecond line", "")])
    row = model.data(model.index(0, 0), ROW)
    assert row.title == "Question"  # type: ignore[attr-defined]  # data() is typed object
    assert row.n_messages == 2  # type: ignore[attr-defined]  # the same
    assert row.n_blocking > 0  # type: ignore[attr-defined]  # the same


def test_it_empties_with_the_project(model: ConversationList, project: OpenProject) -> None:
    project.add([chat("a")])
    project.close()
    assert model.rowCount() == 0
    assert model.id_at(0) is None


def test_deleting_and_undoing_keep_the_order(model: ConversationList, project: OpenProject) -> None:
    ids = project.add([chat(name) for name in "abcd"])
    project.delete(ids[1:3])
    assert titles(model) == ["a", "d"]
    project.undo()
    assert titles(model) == list("abcd")
    assert model.position_of(ids[2]) == 2
