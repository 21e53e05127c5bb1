"""The bin, dividing and joining, and the texts that a conversation once had."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, PastText, Split


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "shop.exemplar", clock=Clock())
    yield opened
    opened.close()


def talk(*texts: str, system: str = "", tools: str = "") -> Conversation:
    messages = (Message(("user", "assistant")[n % 2], text) for n, text in enumerate(texts))
    first = (Message("system", system),) if system else ()
    return Conversation((*first, *messages), tools=tools)


def texts(project: Project) -> list[Conversation]:
    return [conversation for _, conversation in project.conversations()]


def label(project: Project) -> tuple[str, int]:
    entry = project.undo_entry()
    assert entry is not None
    return entry.label, entry.count


def test_out_of_the_bin(project: Project) -> None:
    ids = project.add([talk(f"{n}", "a") for n in range(4)])
    project.delete(ids[1:3])
    assert project.counts().binned == 2
    assert list(project.ids(Filter(in_bin=True))) == ids[1:3]
    assert list(project.ids(Filter(in_bin=True, text="2"))) == [ids[2]]
    assert [row.title for row in project.rows(ids[1:3], "")] == ["1", "2"]
    project.restore(ids)
    assert label(project) == ("restore", 2)
    assert list(project.ids()) == ids
    project.undo()
    assert list(project.ids()) == [ids[0], ids[3]]
    project.redo()
    assert project.counts().binned == 0


def test_one_is_divided_in_two(project: Project) -> None:
    whole = talk("a", "b", "c", "d", system="Kind.", tools="[]")
    one, last = project.add([whole, talk("last", "x")], source="shop.jsonl")
    project.set_tag([one], "delivery", on=True)
    project.set_split([one], Split.TEST)
    new = project.divide(one, 3)
    assert list(project.ids()) == [one, new, last]
    assert texts(project)[:2] == [
        talk("a", "b", system="Kind.", tools="[]"),
        talk("c", "d", tools="[]"),
    ]
    rows = project.rows([one, new], "")
    assert [(row.tags, row.split, row.source) for row in rows] == [
        (("delivery",), Split.TEST, "shop.jsonl")
    ] * 2
    assert label(project) == ("divide", 2)
    project.undo()
    assert texts(project) == [whole, talk("last", "x")]
    project.redo()
    assert list(project.ids()) == [one, new, last]
    for index in (0, 3, -1):
        with pytest.raises(ValueError, match=str(index)):
            project.divide(one, index)
    project.delete([one])
    for missing in (one, 99):
        with pytest.raises(KeyError):
            project.divide(missing, 1)


def test_the_replies_to_compare_go_with_the_end(project: Project) -> None:
    better, worse = (Message("assistant", "Yes."),), (Message("assistant", "No."),)
    whole = Conversation(
        (Message("user", "a"), Message("assistant", "b"), Message("user", "c")),
        preferred=better,
        non_preferred=worse,
    )
    (one,) = project.add([whole])
    new = project.divide(one, 2)
    end = Conversation((Message("user", "c"),), preferred=better, non_preferred=worse)
    assert texts(project) == [talk("a", "b"), end]
    assert project.join([one, new]) == one
    assert texts(project) == [whole]
    project.undo()
    with pytest.raises(ValueError, match="two replies"):
        project.join([new, one])


def test_several_are_joined(project: Project) -> None:
    tool, other = '{"type":"function","name":"find"}', '{"type":"function","name":"send"}'
    one, two, three = project.add(
        [
            talk("a", "b", system="Kind."),
            talk("c", "d", system="Kind.", tools=f"[{tool}]"),
            talk("e", "f", system="Brief.", tools=f"[{other},{tool}]"),
        ]
    )
    project.set_tag([one], "delivery", on=True)
    project.set_tag([two, three], "billing", on=True)
    assert project.join([one, three, two, one]) == one
    (joined,) = texts(project)
    assert [message.text for message in joined.messages] == [
        *("Kind.", "a", "b", "Brief.", "e", "f", "c", "d")
    ]
    assert joined.tools == f"[{other},{tool}]"
    (row,) = project.rows([one], "")
    assert row.tags == ("billing", "delivery")
    assert label(project) == ("join", 3)
    assert list(project.ids(Filter(in_bin=True))) == [two, three]
    project.undo()
    assert list(project.ids()) == [one, two, three]
    assert project.rows([one], "")[0].tags == ("delivery",)
    project.redo()
    assert texts(project) == [joined]
    with pytest.raises(ValueError, match="joined"):
        project.join([one])
    with pytest.raises(KeyError):
        project.join([one, two])


def test_every_text_of_a_conversation_is_kept(project: Project) -> None:
    one, two = project.add([talk("first", "a"), talk("two", "b")])
    project.replace(one, talk("second", "a"))
    project.undo()
    project.replace(one, talk("third", "a"), label="fix")
    project.replace_many([(one, talk("fourth", "a")), (two, talk("2", "b"))], label="replace")
    past = project.history_of(one)
    assert [(each.label, each.conversation.title) for each in past] == [
        ("replace", "fourth"),
        ("fix", "third"),
        ("edit", "second"),
        ("add", "first"),
    ]
    assert [each.at for each in past] == sorted((each.at for each in past), reverse=True)
    assert project.redo() is None, "what was edited over is not redone"
    undone = next(each for each in past if each.conversation.title == "second")
    project.bring_back(one, undone.number)
    assert project.conversation(one) == talk("second", "a")
    assert label(project) == ("earlier", 1)
    project.bring_back(one, past[-1].number)
    assert project.conversation(one) == talk("first", "a")
    assert [each.label for each in project.history_of(one)][:2] == ["earlier", "earlier"]
    project.undo()
    project.undo()
    assert project.conversation(one) == talk("fourth", "a")
    with pytest.raises(KeyError):
        project.bring_back(one, 10_000)
    with pytest.raises(KeyError):
        project.history_of(99)


def test_a_conversation_that_never_changed_has_one_text(project: Project) -> None:
    project.import_conversations(
        iter([talk("a", "b")]),
        source="x",
        test_share=0,
        progress=lambda _: None,
        stop=lambda: False,
    )
    (id_,) = project.ids()
    (past,) = project.history_of(id_)
    assert past == PastText(0, past.at, "import", talk("a", "b"))
    entry = project.undo_entry()
    project.bring_back(id_, 0)
    assert project.undo_entry() == entry


def test_what_a_saved_version_holds_is_not_swept_up(project: Project) -> None:
    (one,) = project.add([talk("kept", "a")])
    version = project.save_version("before")
    project.undo()
    project.add([talk("other", "a")])
    project.undo()
    for n in range(3):
        project.add([talk(f"{n}", "a")])
    assert project.conversation(one) == talk("kept", "a")
    assert project.version_texts(version.id, one) == talk("kept", "a")
    with pytest.raises(KeyError):
        project.conversation(one + 1)
