"""Named versions: what was saved comes back whole, whatever has been done since."""

import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.core.examples.split import digest as digest_of
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split, VersionChange
from desktop_app.storage.project.snapshot import LARGEST, Facts, Snapshot, packed


def talk(words: str) -> Conversation:
    return Conversation((Message("user", words), Message("assistant", "Yes.")))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "p.exemplar", clock=lambda: 0.0)
    yield opened
    opened.close()


def kinds(project: Project, old: int, new: int | None = None) -> dict[str, str]:
    return {change.title: change.kind for change in project.compare(old, new)}


def test_a_version_tells_what_was_in_it(project: Project) -> None:
    one, two = project.add([talk("one"), talk("two")])
    project.set_split([two], Split.TEST)
    version = project.save_version("before the tone change")
    assert (version.name, version.conversations, version.test) == ("before the tone change", 2, 1)
    project.replace(one, talk("uno"))
    later = project.save_version("after")
    assert project.versions() == [later, version]
    assert project.version_texts(version.id, one) == talk("one")
    assert project.version_texts(later.id, one) == project.version_texts(None, one) == talk("uno")
    (three,) = project.add([talk("three")])
    assert project.version_texts(later.id, three) is None
    project.delete([two])
    assert project.version_texts(None, two) is None
    project.delete_version(version.id)
    assert project.versions() == [later]
    assert project.undo_entry().label == "delete"  # type: ignore[union-attr]  # there is one


def test_a_set_that_is_as_it_was_is_not_kept_twice(project: Project) -> None:
    (one,) = project.add([talk("one")])
    first = project.save_version("first")
    assert project.save_version("again") == first
    project.set_note(one, "good")
    second = project.save_version("second")
    assert second != first
    project.undo()
    third = project.save_version("third")
    assert [version.name for version in project.versions()] == ["third", "second", "first"]
    assert project.compare(first.id, third.id) == []


def test_what_changed_between_two_versions(project: Project) -> None:
    words = ("stays", "goes", "changes", "moves", "tag", "stars")
    ids = project.add([talk(word) for word in words])
    _, goes, changes, moves, tag, stars = ids
    old = project.save_version("old")
    project.delete([goes])
    project.replace(changes, talk("changed"))
    project.set_split([moves], Split.TEST)
    project.set_tag([tag], "returns", on=True)
    project.set_rating([stars], 4)
    (new_id,) = project.add([talk("new")])
    found = {
        "goes": "removed",
        "changed": "changed",
        "moves": "moved",
        "tag": "moved",
        "stars": "moved",
        "new": "added",
    }
    assert kinds(project, old.id) == found
    new = project.save_version("new")
    project.delete(ids)
    assert kinds(project, old.id, new.id) == found
    assert project.compare(new.id, old.id)[-1] == VersionChange(new_id, "removed", "new")


def test_typing_goes_on_after_a_version_and_does_not_change_it(project: Project) -> None:
    (one,) = project.add([talk("")])
    for words in ("w", "wo", "wor"):
        project.replace(one, talk(words), merge_key="typing")
    version = project.save_version("in the middle of a word")
    for words in ("word", "words"):
        project.replace(one, talk(words), merge_key="typing")
    assert project.version_texts(version.id, one) == talk("wor")
    project.undo()
    assert project.conversation(one) == talk("wor")
    project.undo()
    assert project.conversation(one) == talk("")
    assert project.version_texts(version.id, one) == talk("wor")


def test_an_addition_that_was_undone_stays_in_the_version(project: Project) -> None:
    (one,) = project.add([talk("one")])
    version = project.save_version("with it")
    project.undo()
    # More edits than it takes to sweep up what cannot be redone any more.
    for number in range(3):
        project.add([talk(str(number))])
    project.restore_version(version.id)
    assert [project.conversation(id_) for id_ in project.ids()] == [talk("one")]
    assert len(project.ids(Filter(in_bin=True))) == 3
    project.undo()
    assert not project.is_live(one)
    assert len(project.ids()) == 3


def test_a_text_that_was_undone_is_found(project: Project) -> None:
    (one,) = project.add([talk("one")])
    project.replace(one, talk("two"))
    version = project.save_version("two")
    project.undo()
    project.replace(one, talk("three"))
    assert project.version_texts(version.id, one) == talk("two")


def test_a_version_that_is_not_there(project: Project) -> None:
    for ask in (
        lambda: project.version_texts(7, 1),
        lambda: project.compare(7, None),
        lambda: project.restore_version(7),
    ):
        with pytest.raises(KeyError):
            ask()


DIGEST_OF_ONE = digest_of(line(talk("one")))
BOMB = zlib.compress(bytes(LARGEST + 1))


def snapshot(split: int = 0, rating: int = 0, digest: int = 0) -> bytes:
    """What a hostile file might say of the first conversation."""
    facts = Facts(digest or DIGEST_OF_ONE, split, rating)
    return packed(Snapshot({1: facts}, ""))


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE version SET facts = x'00'",
        "UPDATE version SET facts = x'789c030000000001'",
        f"UPDATE version SET facts = x'{BOMB.hex()}'",
        f"UPDATE version SET facts = x'{snapshot(split=7).hex()}'",
        f"UPDATE version SET facts = x'{snapshot(rating=-1).hex()}'",
        f"UPDATE version SET facts = x'{snapshot(digest=5).hex()}'",
        "DELETE FROM conversation WHERE id = 1",
        "UPDATE body SET line = 'my secret'; UPDATE change SET before = '', after = 'my secret'",
    ],
)
def test_a_damaged_version_changes_nothing(project: Project, script: str) -> None:
    one, two = project.add([talk("one"), talk("two")])
    version = project.save_version("v")
    project.replace(one, talk("uno"))
    project.delete([two])
    project.close()
    with closing(sqlite3.connect(project.path)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(script)
    again = Project.open(project.path)
    rows = again.rows(again.ids(), "")
    with pytest.raises(ProjectError) as caught:
        again.restore_version(version.id)
    assert caught.value.kind is ProjectErrorKind.DAMAGED
    assert "secret" not in str(caught.value)
    assert again.rows(again.ids(), "") == rows
    again.close()


Edit = tuple[str, int, int]
EDITS = (
    *("add", "type", "fix", "delete", "restore", "undo", "redo", "divide", "join"),
    *("split", "tag", "rate", "note", "accept", "instructions"),
)
edits = st.lists(
    st.tuples(st.sampled_from(EDITS), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=15
)


def make(project: Project, edit: Edit) -> None:
    kind, a, b = edit
    chosen = list(project.ids())[a : a + b]
    if kind == "add":
        project.add([talk(f"question {n}") for n in range(b)])
    elif kind == "restore":
        project.restore(project.ids(Filter(in_bin=True)))
    elif kind == "undo":
        project.undo()
    elif kind == "redo":
        project.redo()
    elif kind == "instructions":
        project.set_instructions(SharedInstructions("y" * a, {"returns": "z" * b}))
    elif chosen:
        change(project, kind, chosen, a, b)


def change(project: Project, kind: str, chosen: list[int], a: int, b: int) -> None:
    match kind:
        case "type":
            project.replace(chosen[0], talk(f"typed {a} {b}"), merge_key="k")
        case "fix":
            project.replace_many([(id_, talk(f"fixed {b}")) for id_ in chosen], label="fix")
        case "delete":
            project.delete(chosen)
        case "divide" if len(project.conversation(chosen[0]).messages) > 1:
            project.divide(chosen[0], 1)
        case "join" if len(chosen) > 1:
            project.join(chosen)
        case "split":
            project.set_split(chosen, Split(b % 2))
        case "tag":
            project.set_tag(chosen, "returns" if a % 2 else "delivery", on=b % 3 > 0)
        case "rate":
            project.set_rating(chosen, b)
        case "note":
            project.set_note(chosen[0], "x" * a)
        case "accept":
            project.accept(chosen, "long")


def texts(project: Project) -> list[object]:
    return [(project.conversation(id_), project.note(id_)) for id_ in project.ids()]


def everything(project: Project) -> object:
    rows = project.rows(project.ids(), "")
    return rows, texts(project), project.instructions(), project.counts()


def as_saved(project: Project) -> object:
    rows = project.rows(project.ids(), "")
    marks = [(row.id, row.title, row.split, row.tags, row.rating) for row in rows]
    return marks, texts(project), project.instructions()


@settings(max_examples=60)
@given(edits, edits, edits)
def test_a_restored_version_is_what_was_saved(
    before: list[Edit], between: list[Edit], after: list[Edit]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "p.exemplar", clock=lambda: 0.0)
        project.add([talk("first"), talk("second"), talk("third")])
        for edit in before:
            make(project, edit)
        saved = as_saved(project)
        version = project.save_version("v")
        for edit in between:
            make(project, edit)
        middle = project.save_version("middle")
        for edit in after:
            make(project, edit)
        present = everything(project)
        project.restore_version(version.id)
        assert as_saved(project) == saved
        assert project.compare(version.id, None) == []
        if project.undo_entry().label == "version":  # type: ignore[union-attr]  # there is one
            project.undo()
        assert everything(project) == present
        project.redo()
        project.restore_version(middle.id)
        assert project.compare(middle.id, None) == []
        project.close()
