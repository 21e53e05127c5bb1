"""Any sequence of edits, undone and redone step by step, gives every state back exactly."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Review, Split

Edit = tuple[str, int, int]
KINDS = [
    *("add", "replace", "fix", "delete", "restore", "split", "assign", "divide", "join"),
    *("tag", "untag", "rename", "rate", "note", "accept", "instructions", "earlier", "version"),
    *("look", "undo", "redo"),
]
edits = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(0, 5)),
    min_size=3,
    max_size=25,
)


def talk(n: int) -> Conversation:
    reply = ("", "x", "文")[n % 3]
    return Conversation((Message("user", f"question {n}"), Message("assistant", reply)))


def make(project: Project, edit: Edit) -> None:
    """Make an edit; one that is not possible makes none."""
    kind, a, b = edit
    ids = list(project.ids())
    chosen = ids[a : a + b]
    with suppress(ValueError, IndexError):
        if kind in TEXTS:
            TEXTS[kind](project, ids, chosen, a, b)
        else:
            MARKS[kind](project, chosen, a, b)


def fix(project: Project, _ids: list[int], chosen: list[int], _a: int, b: int) -> None:
    project.replace_many([(id_, talk(b)) for id_ in chosen], label="fix")


def bring_back(project: Project, _ids: list[int], chosen: list[int], a: int, _b: int) -> None:
    past = project.history_of(chosen[0])
    project.bring_back(chosen[0], past[a % len(past)].number)


def look(project: Project, _chosen: list[int], a: int, _b: int) -> None:
    project.store_reviews(
        Review(each.id, each.revision, ("short",) * (each.id % 2), "en", 1, 2, 3)
        for each in project.unreviewed(a)
    )


def restore_version(project: Project, _chosen: list[int], a: int, _b: int) -> None:
    if saved := project.versions():
        project.restore_version(saved[a % len(saved)].id)
    project.save_version(f"{a}")


TEXTS: dict[str, Callable[[Project, list[int], list[int], int, int], object]] = {
    "add": lambda p, ids, _, a, b: p.add(
        [talk(n) for n in range(b)], after=ids[a] if a < len(ids) else None
    ),
    "replace": lambda p, _, chosen, a, b: p.replace(chosen[0], talk(a * b + 10), merge_key="k"),
    "fix": fix,
    "divide": lambda p, _, chosen, a, b: p.divide(chosen[0], 1),
    "join": lambda p, _, chosen, a, b: p.join(chosen),
    "earlier": bring_back,
}
MARKS: dict[str, Callable[[Project, list[int], int, int], object]] = {
    "delete": lambda p, chosen, a, b: p.delete(chosen),
    "restore": lambda p, _, a, b: p.restore(p.ids(Filter(in_bin=True))[a : a + b]),
    "split": lambda p, chosen, a, b: p.set_split(chosen, Split(b % 2)),
    "assign": lambda p, chosen, a, b: p.assign_split(chosen),
    "tag": lambda p, chosen, a, b: p.set_tag(chosen, f"tag {a % 2}", on=True),
    "untag": lambda p, chosen, a, b: p.set_tag(chosen, f"tag {a % 2}", on=False),
    "rename": lambda p, chosen, a, b: p.rename_tag(f"tag {a % 2}", f"tag {b % 3}"),
    "rate": lambda p, chosen, a, b: p.set_rating(chosen, b),
    "note": lambda p, chosen, a, b: p.set_note(chosen[0], "note" * a),
    "accept": lambda p, chosen, a, b: p.accept(chosen, "short", on=bool(a % 3)),
    "instructions": lambda p, chosen, a, b: p.set_instructions(
        SharedInstructions("all" * (a % 2), {f"tag {b % 3}": "some" * (b % 2)})
    ),
    "version": restore_version,
    "look": look,
    "undo": lambda p, chosen, a, b: p.undo(),
    "redo": lambda p, chosen, a, b: p.redo(),
}


def everything(project: Project) -> object:
    """Return all that edits change; what was found out about texts goes its own ways."""
    ids, binned = project.ids(), project.ids(Filter(in_bin=True))
    rows = [replace(row, language="", n_advice=0) for row in project.rows([*ids, *binned], "")]
    marks = [(project.note(id_), project.accepted(id_)) for id_ in (*ids, *binned)]
    trained = list(project.as_trained())
    searched = project.ids(Filter(text="question 1"))
    counts = replace(project.counts(), with_advice=0)
    return rows, marks, list(project.conversations()), trained, counts, list(searched)


def assert_in_order(project: Project) -> None:
    """What is kept twice, for speed, says the same."""
    database = project._database
    assert (
        database.rows(
            "SELECT id FROM conversation WHERE n_advice != (SELECT count(*) FROM advice a"
            " WHERE a.id = conversation.id AND NOT EXISTS (SELECT 1 FROM accepted y"
            " WHERE y.id = a.id AND y.code = a.code))"
            " OR is_folded != EXISTS (SELECT 1 FROM folded f WHERE f.id = conversation.id)"
        )
        == []
    )
    assert database.rows("PRAGMA foreign_key_check") == []
    assert database.rows("PRAGMA integrity_check") == [("ok",)]


@settings(max_examples=40)
@given(edits)
def test_every_state_comes_back(sequence: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "p.exemplar", clock=lambda: 0.0)
        project.add([talk(n) for n in range(6)])
        for edit in sequence:
            make(project, edit)
            assert_in_order(project)
        states = [everything(project)]
        while project.undo():
            states.append(everything(project))
            assert_in_order(project)
        project.close()
        project = Project.open(project.path)
        for state in reversed(states[:-1]):
            assert project.redo()
            assert everything(project) == state
        # Another walk down, now over steps that were redone.
        for state in states[1:]:
            assert project.undo()
            assert everything(project) == state
        project.close()
