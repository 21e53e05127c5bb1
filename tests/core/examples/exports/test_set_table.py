import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import ASSISTANT, Conversation, Message
from desktop_app.core.examples.exports.set_table import table_lines
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.tables.conversations import read_table
from desktop_app.core.examples.tables.delimited import DelimitedTable
from desktop_app.core.examples.tables.formulas import defused, restored
from desktop_app.core.examples.tables.guess import guess_mapping

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
plain_texts = st.text(st.sampled_from("=+-@\t\r\n'\" ;,aé漢＝"), max_size=8) | texts
replies = st.builds(Message, role=st.just(ASSISTANT), content=plain_texts)
messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "developer", "tool"]),
    content=plain_texts,
    weight=st.sampled_from([None, 0, 1]),
)
pairs = st.one_of(
    st.tuples(st.none(), st.none()),
    st.tuples(replies.map(lambda m: (m,)), replies.map(lambda m: (m,))),
)
conversations = st.builds(
    lambda said, pair: Conversation(tuple(said), preferred=pair[0], non_preferred=pair[1]),
    st.lists(messages, min_size=1, max_size=4),
    pairs,
)
labels = st.text(st.sampled_from("=+-@'aé漢 "), min_size=1, max_size=5).map(str.strip)
items = st.builds(
    Imported,
    conversation=conversations,
    number=st.just(1),
    tags=st.lists(labels.filter(bool), max_size=2, unique=True).map(tuple),
    rating=st.integers(0, 5),
    notes=plain_texts.map(str.strip),
    split=st.sampled_from(["", "training", "test"]),
    source=texts.map(str.strip),
)


def read_back(written: str) -> list[object]:
    table = DelimitedTable(io.BytesIO(written.encode()), "utf-8-sig")
    mapping = guess_mapping(list(table.rows()))
    assert mapping.is_own
    return [
        (item.conversation, item.tags, item.rating, item.notes, item.split, item.source)
        if isinstance(item, Imported)
        else item
        for item in read_table(table, mapping)
    ]


@given(st.lists(items, max_size=4))
def test_what_is_written_is_read_back(found: list[Imported]) -> None:
    numbered = [
        Imported(i.conversation, n, i.tags, i.rating, i.notes, i.split, i.source)
        for n, i in enumerate(found, 1)
    ]
    assert read_back("".join(table_lines(numbered))) == [
        (i.conversation, i.tags, i.rating, i.notes, i.split, i.source) for i in found
    ]


@given(plain_texts)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert restored(defused(text)) == text
    item = Imported(Conversation((Message("user", text),)), 1, tags=(text,), notes=text)
    for row in csv.reader(io.StringIO("".join(table_lines([item])), newline="")):
        assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in row)


@pytest.mark.parametrize("text", ["=1+1", "+49", "-", "@x", "\tx", "\rx", "＝1", "'=1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert defused(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "'quoted'", "it's -1", " =1"])
def test_other_texts_stay(text: str) -> None:
    assert defused(text) == restored(text) == text


def test_half_characters_and_an_empty_set() -> None:
    item = Imported(Conversation((Message("user", "half \ud800 one"),)), 1)
    assert "half \ufffd one" in "".join(table_lines([item]))
    assert read_back("".join(table_lines([]))) == []


def test_a_strangers_apostrophe_is_text() -> None:
    table = DelimitedTable(io.BytesIO(b"question,answer\n'-1,'=2\n"), "utf-8")
    mapping = guess_mapping(list(table.rows()))
    (item,) = read_table(table, mapping)
    assert isinstance(item, Imported)
    assert [m.content for m in item.conversation.messages] == ["'-1", "'=2"]
