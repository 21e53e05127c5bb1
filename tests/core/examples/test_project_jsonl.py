import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, FunctionCall, Message, ToolCall
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.project_jsonl import header_line, line_of, read_header
from desktop_app.core.examples.shared_instructions import SharedInstructions

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
extras = st.one_of(
    st.just(""),
    st.dictionaries(
        st.sampled_from(["id", "source", "exemplar", "tags"]),
        st.integers() | texts | st.just({"exemplar": {"version": 2}}),
        min_size=1,
    ).map(lambda found: msgspec.json.encode(found).decode()),
)
calls = st.builds(ToolCall, id=texts, function=st.builds(FunctionCall, texts, texts))
messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool", "developer", "function"]),
    content=st.none() | texts,
    name=st.none() | texts,
    weight=st.sampled_from([None, 0, 1]),
    tool_calls=st.lists(calls, max_size=1).map(tuple),
)
talks = st.lists(messages, max_size=3).map(tuple)
conversations = st.builds(
    Conversation,
    messages=talks,
    tools=st.sampled_from(["", "[]", '[{"exemplar":{},"x":1}]', "[{"]),
    parallel_tool_calls=st.none() | st.booleans(),
    preferred=st.none() | talks,
    non_preferred=st.none() | talks,
    extra=extras,
)
tags = st.lists(texts, max_size=3).map(tuple)
items = st.builds(
    Imported,
    conversation=conversations,
    number=st.just(1),
    tags=tags,
    rating=st.integers(0, 5),
    notes=texts,
    split=st.sampled_from(["", "training", "test"]),
    source=texts,
    source_row=st.integers(0, 10**6),
    accepted=tags,
)


def read(text: str) -> list[Imported | Rejected]:
    data = text.encode()
    return list(read_examples(io.BytesIO(data), detect(data)))


@given(st.lists(items, max_size=4), texts, st.dictionaries(texts, texts))
def test_a_project_comes_back_as_it_was(
    found: list[Imported], whole: str, by_tag: dict[str, str]
) -> None:
    instructions = SharedInstructions(whole, by_tag)
    data = "\n".join([header_line(instructions), *map(line_of, found)]).encode()
    assert detect(data).format is Format.PROJECT
    header = read_header(io.BytesIO(data))
    assert header is not None
    assert header.instructions == instructions
    again = list(read_examples(io.BytesIO(data), detect(data)))
    assert again == [
        msgspec.structs.replace(item, number=number) for number, item in enumerate(found, 2)
    ]


def is_plain(conversation: Conversation) -> bool:
    return '"version"' not in conversation.extra


@given(st.lists(conversations.filter(is_plain), min_size=1, max_size=4))
def test_chat_and_preference_lines_come_back_as_they_were(found: list[Conversation]) -> None:
    assert read("\n".join(map(line, found))) == [
        Imported(conversation, number) for number, conversation in enumerate(found, 1)
    ]


HELLO = Conversation((Message("user", "Hello"), Message("assistant", "Hi")))
FULL = Imported(HELLO, 1, ("billing",), 4, "Check.", "test", "a.xlsx", 52, ("short",))


def test_a_line_is_the_line_that_services_take_and_one_key() -> None:
    written = json.loads(line_of(FULL))
    assert written.pop("exemplar") == {
        "version": 1, "tags": ["billing"], "rating": 4, "notes": "Check.", "split": "test",
        "source": "a.xlsx", "source_row": 52, "accepted": ["short"],
    }  # fmt: skip
    assert written == json.loads(line(HELLO))
    assert json.loads(line_of(Imported(HELLO, 7)))["exemplar"] == {"version": 1}


def test_keys_in_another_order_and_keys_of_a_newer_version() -> None:
    written = json.loads(line_of(FULL))
    written["exemplar"]["colour"] = "green"
    turned = dict(reversed(written.items()))
    assert read(json.dumps(turned)) == [FULL]
    assert read(json.dumps([turned], indent=2)) == [FULL]


def test_half_characters_can_be_written() -> None:
    odd = Imported(Conversation((Message("user", "\ud800"),)), 1, ("\ud800",), notes="\ud800")
    (item,) = read(line_of(odd))
    assert isinstance(item, Imported)
    assert (item.conversation.messages[0].text, item.tags, item.notes) == ("�", ("�",), "�")
    assert "�" in header_line(SharedInstructions("\ud800"))


@pytest.mark.parametrize(
    ("key", "value"), [("rating", 6), ("rating", "5"), ("tags", "x"), ("split", "other")]
)
def test_details_that_are_wrong_are_named(key: str, value: object) -> None:
    written = json.loads(line_of(FULL))
    written["exemplar"][key] = value
    (item,) = read(json.dumps(written))
    assert isinstance(item, Rejected)
    assert item.reason == "bad_details"
    assert key in item.detail


def test_other_first_lines_are_no_header() -> None:
    for first in ("", line(HELLO), '{"exemplar_project":5}', "x", "[1]"):
        assert read_header(io.BytesIO(f"{first}\n".encode())) is None
    bom = ("\ufeff" + header_line(SharedInstructions())).encode()
    assert read_header(io.BytesIO(bom)) is not None
    assert list(read_examples(io.BytesIO(bom), detect(bom))) == []
