import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Split
from desktop_app.storage.project.search import fold


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "p.exemplar")
    yield opened
    opened.close()


def talk(text: str) -> Conversation:
    return Conversation((Message("user", text), Message("assistant", "Fine")))


@pytest.mark.parametrize(
    ("text", "needle", "found"),
    [
        ("Where is my PARCEL?", "parcel", True),
        ("Where is my parcel?", "PARCEL?", True),
        ("Größe", "GRÖSSE", True),
        ("Ｅｘｃｅｌ", "excel", True),
        ("Kelvin 3 K", "3 k", True),
        ("ﬁle", "file", True),
        ("文本文件", "文件", True),
        ("ｶﾀｶﾅ", "カタカナ", True),
        ("هل يمكنني الدفع", "الدفع", True),
        ("cafe\u0301", "café", True),
        ('He said "no"', '"no"', True),
        ("one\ntwo", "one\ntwo", True),
        ("a\\b", "a\\B", True),
        ("100 % of_it", "% of_", True),
        ("100 percent", "1%", False),
        ("abc", "a_c", False),
        ("hello", "user", False),
        ("hello", "content", False),
        ("hello", "messages", False),
        ("ü", "u", False),
        ("abc", "x" * 60_000, False),
        ("NUL \x00 here", "\x00 HERE", True),
    ],
)
def test_words_are_found_whatever_their_case_and_width(
    project: Project, text: str, needle: str, found: bool
) -> None:
    project.add([talk("other"), talk(text)])
    assert list(project.ids(Filter(text=needle))) == ([2] if found else [])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from('abKſßﬁＡé"\\\n%_ \u0345İ'), max_size=8),
    st.text(st.sampled_from('abkKsſßfiﬁＡé"\\\n%_İ'), min_size=1, max_size=3),
)
def test_the_quick_way_finds_what_the_slow_one_does(
    project: Project, text: str, needle: str
) -> None:
    (id_,) = project.add([talk(text)])
    expected = fold(needle) in fold(text) or fold(needle) in fold("Fine")
    assert (id_ in project.ids(Filter(text=needle))) == expected


def test_a_filter_joins_its_conditions(project: Project) -> None:
    one, two, three = project.add([talk("Parcel 1"), talk("parcel 2"), talk("mug")])
    project.set_split([two, three], Split.TEST)
    assert list(project.ids(Filter(text="parcel"))) == [one, two]
    assert list(project.ids(Filter(text="parcel", split=Split.TEST))) == [two]
    assert list(project.ids(Filter(text="parcel", problems_only=True))) == []
    assert list(project.ids(Filter(text="fine"))) == [one, two, three]
    project.delete([one])
    assert list(project.ids(Filter(text="parcel"))) == [two]


def test_results_are_streamed_in_order_up_to_a_limit(project: Project) -> None:
    (first, last) = project.add([talk("word"), talk("word")])
    (middle,) = project.add([talk("word")], after=first)
    search = project.search(Filter(text="word"), limit=2, stop=lambda: False)
    assert list(search) == [first, middle]
    assert list(project.search(Filter(text="word"), limit=None, stop=lambda: False))[-1] == last


def test_a_search_is_stopped_between_rows_and_leaves_the_project_usable(project: Project) -> None:
    project.add([talk(f"word {n} " + "é" * 500) for n in range(2000)])
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    begun = time.monotonic()
    found = list(project.search(Filter(text="word"), limit=None, stop=stop))
    assert time.monotonic() - begun < 2
    assert len(found) < 2000
    assert len(project.ids(Filter(text="word"))) == 2000


def test_a_search_may_be_dropped_half_way(project: Project) -> None:
    project.add([talk(f"word {n}") for n in range(10)])
    search = project.search(Filter(text="word"), limit=None, stop=lambda: True)
    next(search)
    assert len(project.ids(Filter(text="WORD 1"))) == 1, "another may run in between"
    del search
    project.add([talk("more")])
    assert len(project.ids()) == 11


def test_a_reading_that_is_given_up_outlives_the_project_without_a_word(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "given up.exemplar")
    project.add([Conversation((Message("user", "hello"), Message("assistant", "yes")))] * 3)
    reading = project.conversations()
    next(reading)
    project.close()
    reading.close()  # type: ignore[attr-defined]  # it is a generator, typed as an iterator
