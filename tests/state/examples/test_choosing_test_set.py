from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.bulk_edit import Step, StepControl
from desktop_app.state.examples.choosing_test_set import choosing_share, choosing_tag
from desktop_app.state.examples.set_advice import advising_on_the_set, read_texts
from desktop_app.state.examples.texts_seen import TextsSeen
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split
from desktop_app.storage.project.set_facts import SetFacts

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


def test_known_near_duplicates_are_taken_while_the_texts_are_those(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = project.add([talk(LONG * 3 + f"number {number}") for number in range(5)])
    with closing(SetFacts.open(project.path)) as facts:
        known = read_texts(project, facts, TextsSeen(), lambda: False)
    assert known is not None
    assert known.near_groups == (tuple(alike),)
    with monkeypatch.context() as patched:
        patched.delattr(Project, "conversations")
        make(choosing_share(0.5, keep_held=False, known=known), project)
    assert len(held_out(project) & set(alike)) in (0, 5)
    alike += project.add([talk(LONG * 3 + "number 6")])
    make(choosing_share(0.5, keep_held=False, known=known), project)
    assert len(held_out(project) & set(alike)) in (0, 6)


WORD = st.sampled_from(["mug", "lamp", "oak", "table", "parcel", "late", "木", "blue"])
TEXTS = st.lists(
    st.tuples(st.lists(WORD, min_size=1, max_size=12), st.booleans()), min_size=1, max_size=25
)


@given(TEXTS, st.floats(0.1, 0.9), st.booleans(), st.booleans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_choosing_nothing_for_the_test_is_trained_on(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[tuple[list[str], bool]],
    share: float,
    keep_held: bool,
    is_known: bool,
) -> None:
    path = tmp_path_factory.mktemp("set") / "one.exemplar"
    with closing(Project.create(path)) as project, closing(SetFacts.open(path)) as facts:
        ids = project.add([talk(" ".join(words)) for words, _ in texts])
        held = [id_ for id_, (_, is_test) in zip(ids, texts, strict=True) if is_test]
        project.set_split(held, Split.TEST)
        known = read_texts(project, facts, TextsSeen(), lambda: False) if is_known else None
        make(choosing_share(share, keep_held=keep_held, known=known), project)
        told: list[object] = []
        advising_on_the_set(path, None, None)(told.append, lambda: False)
        assert list(project.ids(Filter(code="overlap"))) == []
