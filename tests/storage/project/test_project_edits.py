from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Counts, Filter, Split, Touched


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


clock = Clock()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    clock.now = 1000.0
    opened = Project.create(tmp_path / "shop.exemplar", clock=clock)
    yield opened
    opened.close()


def talk(question: str, reply: str = "Yes") -> Conversation:
    return Conversation((Message("user", question), Message("assistant", reply)))


def titles(project: Project) -> list[str]:
    return [row.title for row in project.rows(project.ids(), "o200k_base")]


def test_what_is_added_is_there_in_order(project: Project) -> None:
    ids = project.add([talk("one"), talk("two"), talk("three")])
    assert list(project.ids()) == ids
    assert titles(project) == ["one", "two", "three"]
    assert project.conversation(ids[1]) == talk("two")
    assert [c for _, c in project.conversations()] == [talk("one"), talk("two"), talk("three")]
    assert project.counts() == Counts(3, 3, 0, 0)
    assert project.add([]) == []


def test_adding_behind_another(project: Project) -> None:
    first, last = project.add([talk("first"), talk("last")])
    for n in range(80):
        project.add([talk(f"{n}")], after=first)
    project.add([talk("end")], after=last)
    assert titles(project) == ["first", *(f"{n}" for n in reversed(range(80))), "last", "end"]


def test_rows_come_as_asked_and_without_what_is_gone(project: Project) -> None:
    one, two, three, four = project.add([talk("one"), talk("two"), talk("three"), talk("four")])
    project.delete([two])
    project.add([talk("five")])
    project.undo()
    rows = project.rows([three, 99, four + 1, two, one], "o200k_base")
    assert [row.id for row in rows] == [three, two, one], "the bin is a list too"
    assert rows[0].n_messages == 2
    assert rows[0].tokens is None
    assert project.is_live(one)
    assert not project.is_live(two)
    assert project.conversation(two) == talk("two")
    with pytest.raises(KeyError):
        project.conversation(99)


def test_problems_are_counted_at_every_write(project: Project) -> None:
    good, bad = project.add([talk("a"), talk("b", "")])
    assert project.counts().with_problems == 1
    assert list(project.ids(Filter(problems_only=True))) == [bad]
    project.replace(bad, talk("b", "Yes"))
    project.replace(good, talk("a", "<|endoftext|>"))
    assert list(project.ids(Filter(problems_only=True))) == [good]
    project.undo()
    assert project.counts().with_problems == 0


def test_undo_and_redo_of_each_kind_of_edit(project: Project) -> None:
    one, two = project.add([talk("one"), talk("two")], source="pasted")
    project.replace(one, talk("ONE"))
    project.set_split([one, two], Split.TEST)
    project.delete([one])
    project.replace_many([(two, talk("TWO"))], label="fix")
    labels = []
    while entry := project.undo_entry():
        labels.append((entry.label, entry.count))
        project.undo()
    assert labels == [("fix", 1), ("delete", 1), ("split", 2), ("edit", 1), ("add", 2)]
    assert list(project.ids()) == []
    assert project.undo() is None

    assert project.redo() == Touched((one, two), order_changed=True)
    assert titles(project) == ["one", "two"]
    assert project.redo() == Touched((one,), order_changed=False)
    assert titles(project) == ["ONE", "two"]
    assert project.redo() == Touched((one, two), order_changed=False)
    assert project.counts() == Counts(2, 0, 2, 0)
    assert project.redo() == Touched((one,), order_changed=True)
    assert project.redo() == Touched((two,), order_changed=False)
    assert titles(project) == ["TWO"]
    assert project.redo() is None


def test_a_new_edit_drops_what_was_undone(project: Project) -> None:
    (one,) = project.add([talk("one")])
    project.add([talk("two")])
    project.undo()
    assert project.redo_entry() is not None
    project.replace(one, talk("ONE"))
    assert project.redo_entry() is None
    assert project.redo() is None
    (three,) = project.add([talk("three")])
    assert three not in (one, one + 1), "an id must not come back as another conversation"
    assert titles(project) == ["ONE", "three"]


def test_typing_joins_one_step(project: Project) -> None:
    one, two = project.add([talk("one"), talk("two")])
    for text in ("o", "on", "once"):
        project.replace(one, talk(text), merge_key="text:1:0")
        clock.now += 4
    project.undo()
    assert titles(project) == ["one", "two"]
    project.redo()
    assert titles(project) == ["once", "two"]
    # Redone, it is a step of its own.
    project.replace(one, talk("once more"), merge_key="text:1:0")
    # Another conversation, another key, a pause.
    project.replace(two, talk("2"), merge_key="text:1:0")
    project.replace(two, talk("22"), merge_key="text:2:0")
    clock.now += 6
    project.replace(two, talk("222"), merge_key="text:2:0")
    for expected in ("22", "2", "two"):
        project.undo()
        assert titles(project)[1] == expected
    project.undo()
    assert titles(project) == ["once", "two"]


def test_what_changes_nothing_is_no_step(project: Project) -> None:
    (one,) = project.add([talk("one")])
    entry = project.undo_entry()
    project.replace(one, talk("one"))
    project.set_split([one], Split.TRAINING)
    project.set_split([], Split.TEST)
    project.delete([99])
    assert project.undo_entry() == entry
    with pytest.raises(KeyError):
        project.replace(99, talk("x"))


def test_the_stack_outlives_the_program(project: Project) -> None:
    (one,) = project.add([talk("one")])
    project.replace(one, talk("ONE"))
    project.undo()
    project.close()
    again = Project.open(project.path)
    redo, undo = again.redo_entry(), again.undo_entry()
    assert redo is not None
    assert undo is not None
    assert (undo.label, redo.label, redo.at, redo.undone) == ("add", "edit", 1000.0, True)
    again.redo()
    assert titles(again) == ["ONE"]
    again.undo()
    again.undo()
    assert titles(again) == []
    again.close()


def test_many_touched_are_not_named(project: Project) -> None:
    project.add([talk(f"{n}") for n in range(1001)])
    assert project.undo() == Touched((), order_changed=True)


def test_the_test_set_is_assigned_in_one_step(project: Project) -> None:
    ids = project.add([talk(f"question {n}") for n in range(20)])
    project.assign_split(ids[:4])
    entry = project.undo_entry()
    project.assign_split(ids[:4])
    assert project.undo_entry() == entry, "the same split is no change"
    project.assign_split(ids[2:8])
    assert [id_ for id_, _ in project.conversations(Split.TEST)] == list(ids[2:8])
    project.undo()
    assert list(project.ids(Filter(split=Split.TEST))) == list(ids[:4])
    project.assign_split([])
    assert project.counts().test == 0


def test_additions_may_be_for_the_test(project: Project) -> None:
    project.add([talk("kept from a chat")], split=Split.TEST, label="keep")
    assert project.counts() == Counts(1, 0, 1, 0)
    entry = project.undo_entry()
    assert entry is not None
    assert entry.label == "keep"


def test_hard_text_is_kept(project: Project) -> None:
    hard = 'NUL \x00, "quotes", \\, \u2028, \r\n, 😀, هل, \ufffe'
    (one,) = project.add([talk(hard, hard)])
    assert project.conversation(one) == talk(hard, hard)
    (half,) = project.add([talk("\ud83d")])
    assert project.conversation(half) == talk("\ufffd")


def test_settings_and_documents(project: Project) -> None:
    assert project.setting("model") == ""
    assert project.setting("model", "none") == "none"
    project.set_setting("model", "a")
    project.set_setting("model", "b")
    assert project.setting("model") == "b"
    assert project.undo_entry() is None
    project.save_document("chat", "1", "First", '{"turns": []}')
    clock.now += 1
    project.save_document("chat", "2", "Second", "{}")
    clock.now += 1
    project.save_document("chat", "1", "First, longer", "{}")
    project.save_document("evaluation", "1", "Other", "{}")
    found = project.documents("chat")
    assert [(d.id, d.title, d.created_at) for d in found] == [
        ("2", "Second", 1001.0),
        ("1", "First, longer", 1000.0),
    ]
    project.delete_document("chat", "2")
    assert [d.id for d in project.documents("chat")] == ["1"]
