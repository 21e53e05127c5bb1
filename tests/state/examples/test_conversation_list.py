from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import Trait
from desktop_app.state.examples import conversation_list
from desktop_app.state.examples.conversation_list import PROBLEMS, ROW, ConversationList
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Filter, Sort, Split
from tests.state.edits import delete, set_split


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


def test_an_edit_of_many_does_not_look_for_each_row(
    model: ConversationList, project: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = project.add([chat(f"question {n}") for n in range(5)])
    assert titles(model)[4] == "question 4"
    repainted: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: repainted.append((first.row(), last.row())))
    monkeypatch.setattr(model, "position_of", pytest.fail)
    changes = [(id, chat(f"other {id}")) for id in ids]
    project.edit(lambda held: held.replace_many(changes, label="edit"), ids)
    assert repainted == [(0, 4)]
    assert titles(model)[4] == f"other {ids[4]}"


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
    set_split(project, ids[:1], Split.TEST)
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
    delete(project, ids[1:3])
    assert titles(model) == ["a", "d"]
    project.undo()
    assert titles(model) == list("abcd")
    assert model.position_of(ids[2]) == 2


# Large lists: nothing of them is looked up on the window's thread


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every project for a large one."""
    monkeypatch.setattr(conversation_list, "SMALL", -1)


@pytest.mark.usefixtures("large")
def test_a_large_project_shows_its_first_rows_at_once_and_then_all(
    qtbot: QtBot, model: ConversationList, project: OpenProject, tmp_path: Path
) -> None:
    project.add([chat(f"question {n}") for n in range(300)])
    path = project.path
    project.close()
    project.open(path)
    assert model.rowCount() == conversation_list.PAGE
    assert model.is_searching
    qtbot.waitUntil(lambda: model.rowCount() == 300)
    assert titles(model)[299] == "question 299"
    assert not model.is_searching


@pytest.mark.usefixtures("large")
def test_hits_come_in_while_they_are_found(
    qtbot: QtBot, model: ConversationList, project: OpenProject, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(model)
    project.add([chat(f"parcel {n}" if n % 2 else "other") for n in range(6000)])
    counts: list[int] = []
    model.settled.connect(lambda: counts.append(model.rowCount()))
    model.rowsInserted.connect(lambda: counts.append(model.rowCount()))
    with qtbot.waitSignal(model.filtered):
        model.set_filter(Filter(text="parcel"))
        counts.clear()
    assert model.rowCount() == 3000
    assert counts[0] < 3000
    assert titles(model) == [f"parcel {n}" for n in range(1, 6000, 2)]


@pytest.mark.usefixtures("large")
def test_another_key_ends_the_search_before(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    project.add([chat("parcel"), chat("shop")])
    model.set_filter(Filter(text="parcel"))
    with qtbot.waitSignal(model.filtered):
        model.set_filter(Filter(text="shop"))
    assert titles(model) == ["shop"]


@pytest.mark.usefixtures("large")
def test_what_is_deleted_leaves_at_once_and_nothing_else_moves(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    ids = project.add([chat(f"question {n}") for n in range(50)])
    qtbot.waitUntil(lambda: model.rowCount() == 50)
    removed: list[tuple[int, int]] = []
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    gone = [ids[3], ids[4], ids[20]]
    project.edit(lambda project: project.delete(gone), gone, order_changed=True)
    assert model.rowCount() == 47
    assert removed == [(20, 20), (3, 4)]
    with qtbot.waitSignal(model.filtered):
        project.undo()
    assert list(model.ids) == ids


@pytest.mark.usefixtures("large")
def test_many_scattered_ones_leave_as_one_stretch(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    ids = project.add([chat(f"question {n}") for n in range(100)])
    qtbot.waitUntil(lambda: model.rowCount() == 100)
    gone = ids[1::2]
    with qtbot.waitSignal(model.filtered):
        project.edit(lambda project: project.delete(gone), gone, order_changed=True)
        assert list(model.ids) == ids[::2]


@pytest.mark.usefixtures("large")
def test_a_project_that_is_closed_takes_its_search_with_it(
    qtbot: QtBot, model: ConversationList, project: OpenProject
) -> None:
    project.add([chat("parcel")])
    model.set_filter(Filter(text="parcel"))
    with qtbot.waitSignal(model.searching_changed, raising=False, timeout=10):
        project.close()
    assert model.rowCount() == 0
    assert not model.is_searching


def test_places_are_found_in_any_order(model: ConversationList, project: OpenProject) -> None:
    first = project.add([chat("b"), chat("c")])
    [middle] = project.add([chat("a")], after=first[0])
    assert list(model.ids) == [first[0], middle, first[1]]
    assert [model.position_of(id) for id in (*first, middle, 99)] == [0, 2, 1, None]
    assert model.positions_of([middle, 99, first[1]]) == [1, 2]


def test_the_bin_has_what_was_deleted(model: ConversationList, project: OpenProject) -> None:
    ids = project.add([chat(name) for name in "abc"])
    delete(project, ids[:2])
    model.set_filter(Filter(in_bin=True))
    assert titles(model) == ["a", "b"]
    back = ids[:1]
    project.edit(lambda project: project.restore(back), back, order_changed=True)
    assert titles(model) == ["b"]


def test_an_order_can_be_chosen(model: ConversationList, project: OpenProject) -> None:
    project.add([chat(text) for text in ("bb", "c", "aaaa")])
    model.set_filter(Filter(sort=Sort.TITLE))
    assert titles(model) == ["aaaa", "bb", "c"]
    model.set_filter(Filter(sort=Sort.SHORTEST))
    assert titles(model) == ["c", "bb", "aaaa"]


def test_what_the_chosen_service_refuses_is_a_problem(
    model: ConversationList, project: OpenProject
) -> None:
    twice = Conversation((Message(role="user", content="a"), *chat("b").messages))
    project.add([twice, chat("fine")])
    assert model.data(model.index(0, 0), PROBLEMS) == 0
    model.set_filter(Filter(problems_only=True))
    assert titles(model) == []
    model.set_refused_traits(Trait.SAME_ROLE_TWICE)
    assert titles(model) == ["a"]
    assert model.data(model.index(0, 0), PROBLEMS) == 1
    assert model.filter.refused_traits == Trait.SAME_ROLE_TWICE
    model.set_filter(Filter())
    assert model.filter == Filter()
