"""Any sequence of edits, undone and redone step by step, gives every state back exactly."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

Edit = tuple[str, int, int]
edits = st.lists(
    st.tuples(
        st.sampled_from(["add", "replace", "fix", "delete", "split", "random", "undo", "redo"]),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=3,
    max_size=25,
)


def talk(n: int) -> Conversation:
    return Conversation((Message("user", f"question {n}"), Message("assistant", "x" * (n % 3))))


def make(project: Project, edit: Edit) -> None:
    kind, a, b = edit
    ids = list(project.ids())
    chosen = ids[a : a + b]
    if kind == "add":
        project.add([talk(n) for n in range(b)], after=ids[a] if a < len(ids) else None)
    elif kind == "replace" and chosen:
        project.replace(chosen[0], talk(a * b + 10), merge_key="k")
    elif kind == "fix":
        project.replace_many([(id_, talk(b)) for id_ in chosen], label="fix")
    elif kind == "delete":
        project.delete(chosen)
    elif kind == "split":
        project.set_split(chosen, Split.TEST if b % 2 else Split.TRAINING)
    elif kind == "random":
        project.split_at_random(b / 6)
    elif kind == "undo":
        project.undo()
    elif kind == "redo":
        project.redo()


def everything(project: Project) -> object:
    return (
        project.rows(project.ids(), "o200k_base"),
        list(project.conversations()),
        project.counts(),
    )


@settings(max_examples=40)
@given(edits)
def test_every_state_comes_back(sequence: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "p.exemplar", clock=lambda: 0.0)
        for edit in sequence:
            make(project, edit)
        states = [everything(project)]
        while project.undo():
            states.append(everything(project))
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
