"""Tags, stars, notes, accepted advice and shared instructions: kept, filtered by, undone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Review, Split


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


def talk(question: str, *, system: str = "") -> Conversation:
    messages = (Message("user", question), Message("assistant", "Yes"))
    return Conversation(((Message("system", system),) if system else ()) + messages)


def tags(project: Project) -> list[tuple[str, ...]]:
    return [row.tags for row in project.rows(project.ids(), "")]


def label(project: Project) -> tuple[str, int]:
    entry = project.undo_entry()
    assert entry is not None
    return entry.label, entry.count


def hundreds_of_steps(project: Project, edit: Callable[[], None]) -> int:
    """How much SQLite has to do for an edit."""
    n = 0

    def count() -> int:
        nonlocal n
        n += 1
        return 0

    connection = project._database.connection
    connection.set_progress_handler(count, 100)
    edit()
    connection.set_progress_handler(None, 0)
    return n


def test_marking_one_conversation_looks_at_no_other(project: Project) -> None:
    first, *others = project.add([talk(f"{n}") for n in range(2000)])
    project.set_tag(others, "delivery", on=True)
    project.accept(others, "email_address")
    assert hundreds_of_steps(project, lambda: project.set_tag([first], "delivery", on=True)) < 30
    assert hundreds_of_steps(project, lambda: project.accept([first], "email_address")) < 30


def test_an_edit_does_not_look_through_what_a_version_may_need(project: Project) -> None:
    project.add([talk(f"{n}") for n in range(2000)])
    project.undo()
    [kept] = project.add([talk("kept")])
    project.save_version("what was undone has smaller ids than this")
    assert hundreds_of_steps(project, lambda: project.set_rating([kept], 4)) < 30


def test_tags_in_use_are_told_without_counting(project: Project) -> None:
    first, second = project.add([talk("a"), talk("b")])
    assert project.tags() == ()
    project.set_tag([first, second], "returns", on=True)
    project.set_tag([second], "billing", on=True)
    assert project.tags() == ("billing", "returns")
    project.delete([second])
    assert project.tags() == ("returns",)


def test_tags_are_set_and_taken_off(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(4)])
    project.set_tag(ids[:3], "delivery", on=True)
    project.set_tag([ids[1], ids[3]], "billing", on=True)
    assert tags(project) == [("delivery",), ("billing", "delivery"), ("delivery",), ("billing",)]
    assert list(project.ids(Filter(tag="delivery"))) == ids[:3]
    assert project.facets().tags == (("delivery", 3), ("billing", 2))
    project.set_tag(ids, "delivery", on=False)
    assert label(project) == ("tag", 3)
    project.undo()
    project.undo()
    assert tags(project) == [("delivery",)] * 3 + [()]
    project.redo()
    project.redo()
    assert tags(project) == [(), ("billing",), (), ("billing",)]
    assert project.facets().tags == (("billing", 2),)
    before = project.undo_entry()
    project.set_tag(ids[:1], "delivery", on=False)
    assert project.undo_entry() == before, "what changes nothing is no step"
    with pytest.raises(ValueError, match="name"):
        project.set_tag(ids, "", on=True)


def test_a_renamed_tag_takes_in_another_and_its_instructions_go_with_it(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(4)])
    project.set_tag(ids[:2], "post", on=True)
    project.set_tag(ids[1:3], "delivery", on=True)
    project.set_instructions(SharedInstructions(by_tag={"post": "Be brief."}))
    clock.now += 60
    project.rename_tag("post", "delivery")
    assert tags(project) == [("delivery",)] * 3 + [()]
    assert project.instructions() == SharedInstructions(by_tag={"delivery": "Be brief."})
    assert label(project) == ("tag", 2)
    project.undo()
    assert tags(project) == [("post",), ("delivery", "post"), ("delivery",), ()]
    assert project.instructions() == SharedInstructions(by_tag={"post": "Be brief."})
    project.redo()
    assert tags(project) == [("delivery",)] * 3 + [()]
    project.set_instructions(SharedInstructions(by_tag={"delivery": "A", "late": "B"}))
    project.rename_tag("delivery", "late")
    assert project.instructions().by_tag == {"late": "B"}
    with pytest.raises(ValueError, match="name"):
        project.rename_tag("late", "")


def test_ratings(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(3)])
    project.set_rating(ids[:2], 3)
    project.set_rating(ids[1:], 5)
    assert [row.rating for row in project.rows(ids, "")] == [3, 5, 5]
    assert list(project.ids(Filter(least_rating=4))) == ids[1:]
    project.undo()
    assert [row.rating for row in project.rows(ids, "")] == [3, 3, 0]
    for stars in (-1, 6):
        with pytest.raises(ValueError, match="stars"):
            project.set_rating(ids, stars)


def test_a_note_that_is_typed_is_one_step(project: Project) -> None:
    one, two = project.add([talk("one"), talk("two")])
    for text in ("a", "as", "ask"):
        project.set_note(one, text)
    project.set_note(two, "other")
    assert (project.note(one), project.note(two)) == ("ask", "other")
    project.undo()
    project.undo()
    assert (project.note(one), project.note(two)) == ("", "")
    project.redo()
    assert project.note(one) == "ask"
    project.set_note(one, "\ud83d")
    assert project.note(one) == "\ufffd"
    clock.now += 60
    project.set_note(one, "")
    project.undo()
    assert project.note(one) == "\ufffd"
    with pytest.raises(KeyError):
        project.set_note(99, "x")


def test_marks_outlive_an_edit_and_the_bin(project: Project) -> None:
    (one,) = project.add([talk("one")])
    project.set_tag([one], "delivery", on=True)
    project.set_rating([one], 4)
    project.set_note(one, "ask again")
    project.accept([one], "too_short")
    project.replace(one, talk("uno"))
    project.delete([one])
    assert project.facets().tags == ()
    project.restore([one])
    (row,) = project.rows([one], "")
    assert (row.tags, row.rating, project.note(one)) == (("delivery",), 4, "ask again")
    assert project.accepted(one) == {"too_short"}
    project.set_tag([99], "delivery", on=True)
    assert project.facets().tags == (("delivery", 1),)


def test_advice_that_is_fine_is_not_given_again(project: Project) -> None:
    one, two = project.add([talk("one"), talk("two")])
    project.store_reviews(
        Review(each.id, each.revision, ("a", "b"), "en", 1, 2, 0) for each in project.unreviewed(9)
    )
    project.accept([one, two], "a")
    project.accept([one], "b")
    assert (project.advice(one), project.advice(two)) == ((), ("b",))
    assert project.counts().with_advice == 1
    assert list(project.ids(Filter(advice_only=True))) == [two]
    assert list(project.ids(Filter(code="a"))) == []
    assert list(project.ids(Filter(code="b"))) == [two]
    assert project.facets().codes == (("b", 1),)
    project.undo()
    assert project.counts().with_advice == 2
    project.accept([one, two], "a", on=False)
    assert project.advice(one) == ("a", "b")
    assert [row.n_advice for row in project.rows([one, two], "")] == [2, 2]
    assert label(project) == ("accept", 2)


def test_shared_instructions_stand_before_what_is_trained(project: Project) -> None:
    plain, tagged, own = project.add([talk("one"), talk("two"), talk("three", system="Mine.")])
    project.set_tag([tagged, own], "delivery", on=True)
    project.set_split([own], Split.TEST)
    shared = SharedInstructions("Be kind.", {"delivery": "Be quick.", "none": ""})
    project.set_instructions(shared)
    assert project.instructions() == SharedInstructions("Be kind.", {"delivery": "Be quick."})
    expected = {
        plain: talk("one", system="Be kind."),
        tagged: talk("two", system="Be quick."),
        own: talk("three", system="Mine."),
    }
    assert dict(project.as_trained()) == expected
    assert list(dict(project.as_trained(Split.TRAINING))) == [plain, tagged]
    assert {each.id: each.conversation for each in project.uncounted("e", 9)} == expected
    assert project.conversation(plain) == talk("one"), "the conversations are as they were"
    clock.now += 60
    project.set_instructions(SharedInstructions())
    assert dict(project.as_trained())[plain] == talk("one")
    assert label(project) == ("instructions", 0)
    project.undo()
    assert dict(project.as_trained()) == expected


def test_counts_are_dropped_where_instructions_may_have_changed(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(3)])

    def counted() -> int:
        return len(project.token_counts("e", None))

    def count() -> None:
        project.store_counts(
            "e", [(each.id, each.revision, 5) for each in project.uncounted("e", 9)]
        )

    count()
    project.set_instructions(SharedInstructions(by_tag={"delivery": "Be quick."}))
    assert counted() == 0
    count()
    project.set_tag(ids, "other", on=True)
    assert counted() == 3
    project.set_tag(ids[:2], "delivery", on=True)
    assert counted() == 1
    count()
    project.undo()
    assert counted() == 1


def test_instructions_that_are_damaged_are_never_left_out_in_silence(project: Project) -> None:
    (one,) = project.add([talk("one")])
    project.set_setting("shared_instructions", '{"whole_project": 5}')
    for read in (
        project.instructions,
        lambda: list(project.as_trained()),
        lambda: project.uncounted("e", 1),
        lambda: project.rename_tag("a", "b"),
    ):
        with pytest.raises(ProjectError) as caught:
            read()
        assert caught.value.kind is ProjectErrorKind.DAMAGED
    project.set_tag([one], "delivery", on=True)
    assert tags(project) == [("delivery",)]
