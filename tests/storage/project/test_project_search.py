import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)
from desktop_app.storage.project.folding import fold
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Sort, Split


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
        ("İstanbul", "istanbul", True),
        ("ISPARTA", "ısparta", True),
        ("ısparta", "ISPARTA", True),
        ("straße", "STRASSE", True),
        ("ﾃﾞﾊﾟｰﾄ", "デパート", True),
        ("デパート", "ﾃﾞﾊﾟ", True),
        ("cafe\u0301", "CAFE\u0301", True),
        ("café", "cafe\u0301", True),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", True),
        ("it’s “here”", 'it\'s "here"', True),
        ("half \ud83d here", "half \ud83d", True),
        ("one\ntwo", "ntwo", False),
        ("one\ttwo", "ttwo", False),
        ("one\\ntwo", "\ntwo", False),
        ("one\\ntwo", "ntwo", True),
        ("one\ntwo ntwo", "ntwo", True),
        ("ends in \\", '"', False),
        ("the user's role", "user", True),
        ("assistants", "assistant", True),
        ("as is", "is", True),
        ("hello", "is", False),
        ("message in a bottle", "message", True),
        ("hello", ",", False),
        ("hello, you", ",", True),
        ("hello", "0", False),
        ("hello", "}", False),
        ('{"a":[{"b":1}]}', "}]}", True),
        ("hello", "\x1e", False),
    ],
)
def test_words_are_found_whatever_their_case_and_width(
    project: Project, text: str, needle: str, found: bool
) -> None:
    project.add([talk("other"), talk(text)])
    assert list(project.ids(Filter(text=needle))) == ([2] if found else [])


PIECES = [
    "message",
    "role",
    "user",
    "s",
    "t",
    "n",
    "the",
    " ",
    "\n",
    "\t",
    "\\",
    '"',
    ",",
    ":",
    "}]",
]
hard_texts = st.lists(
    st.sampled_from([*PIECES, "Kſß", "ﬁ", "é", "文", "%_", "\x01", "1"]), max_size=6
)
hard_needles = st.lists(
    st.sampled_from([*PIECES, "content", "K", "fi", "0"]), min_size=1, max_size=2
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hard_texts, hard_texts, hard_needles, st.sampled_from([None, 0, 1]))
def test_what_is_found_is_in_the_words_and_nowhere_else(
    project: Project, first: list[str], second: list[str], needle: list[str], weight: int | None
) -> None:
    question, reply, wanted = ("".join(texts) for texts in (first, second, needle))
    messages = Message("user", question), Message("assistant", reply, weight=weight)
    (id_,) = project.add([Conversation(messages)])
    expected = any(fold(wanted) in fold(text) for text in (question, reply))
    assert (id_ in project.ids(Filter(text=wanted))) == expected
    project.undo()


def test_everything_that_is_said_is_looked_through(project: Project) -> None:
    call = ToolCall("c1", FunctionCall("find_parcel", '{"number":"A1"}'))
    messages = (
        Message("user", "Where?", name="Shop"),
        Message("assistant", tool_calls=(call,)),
        Message("tool", "Berlin", tool_call_id="c1"),
        Message("assistant", (ContentPart("text", "Here"), ContentPart("image_url"))),
        Message("assistant", refusal="Not that"),
    )
    tools = '[{"type":"function","function":{"name":"send_mug"}}]'
    one, two = project.add(
        [
            Conversation(messages, tools=tools),
            Conversation(
                (Message("user", "Which?"),),
                preferred=(Message("assistant", "The better"),),
                non_preferred=(Message("assistant", "The worse"),),
            ),
        ]
    )
    for text in ("where", "SHOP", "find_parcel", '"a1"', "berlin", "here", "not that", "send_mug"):
        assert list(project.ids(Filter(text=text))) == [one]
    for text in ("which", "better", "worse"):
        assert list(project.ids(Filter(text=text))) == [two]
    for text in ("role", "c1", "preferred", "image_url", "tool_calls"):
        assert list(project.ids(Filter(text=text))) == []


def test_a_search_follows_the_text(project: Project) -> None:
    (one,) = project.add([talk("parcel")])
    project.replace(one, talk("荷物"))
    assert list(project.ids(Filter(text="parcel"))) == []
    assert list(project.ids(Filter(text="荷物"))) == [one]
    project.undo()
    assert list(project.ids(Filter(text="parcel"))) == [one]
    assert list(project.ids(Filter(text="荷物"))) == []


@pytest.fixture
def in_pieces(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("desktop_app.storage.project.search.PIECE", 7)
    project.add(
        [talk(f"{'word' if n % 3 else 'Größe'} {n} " + "x" * (n * 7 % 50)) for n in range(500)]
    )
    return project


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("where", [Filter(), Filter(split=Split.TEST), Filter(tag="delivery")])
def test_a_search_in_pieces_by_threads_keeps_the_order(
    in_pieces: Project, sort: Sort, where: Filter
) -> None:
    ids = in_pieces.ids()
    in_pieces.set_split(ids[3:400], Split.TEST)
    in_pieces.set_tag(ids[::2], "delivery", on=True)
    in_pieces.add([talk("word in between")] * 20, after=ids[3])
    for text in ("WORD", "grösse", "nowhere"):
        asked = replace(where, sort=sort, text=text)
        everything = in_pieces.ids(replace(where, sort=sort))
        rows = in_pieces.rows(everything, "")
        expected = [row.id for row in rows if fold(text) in fold(row.title)]
        assert list(in_pieces.ids(asked)) == expected
        search = in_pieces.search(asked, limit=30, stop=lambda: False)
        assert list(search) == expected[:30]


def test_a_search_in_pieces_is_stopped_and_leaves_nothing_open(in_pieces: Project) -> None:
    threads = threading.active_count()
    for allowed in range(40):
        stop = partial(next, iter([False] * allowed), True)
        found = list(in_pieces.search(Filter(text="word"), limit=None, stop=stop))
        assert len(found) < 334
    given_up = in_pieces.search(Filter(text="word"), limit=None, stop=lambda: False)
    assert len(list(islice(given_up, 100))) == 100
    assert threading.active_count() > threads
    in_pieces.add([talk("the project is written to meanwhile")])
    given_up.close()  # type: ignore[attr-defined]  # it is a generator, typed as an iterator
    assert threading.active_count() == threads


def test_an_order_is_broken_off_as_well(project: Project) -> None:
    project.add([talk(f"word {n}") for n in range(9000)])
    asked = Filter(text="word", sort=Sort.LONGEST)
    assert list(project.search(asked, limit=None, stop=lambda: True)) == []
    assert len(project.ids(asked)) == 9000


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
    search = project.search(Filter(text="word"), limit=None, stop=lambda: False)
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
