import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.chat_jsonl import line, parse_exactly, parse_line
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.lenient_line import LineError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=5
)


def extras(*known: str) -> st.SearchStrategy[str]:
    """Objects of keys that a format does not know; one of them may be called `extra`."""
    keys = (texts | st.just("extra")).filter(lambda key: key not in known)
    objects = st.dictionaries(keys, values, max_size=3)
    return objects.map(lambda found: msgspec.json.encode(found).decode() if found else "")


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


images = st.builds(
    ImageUrl, url=texts, detail=optional(st.just("low")), extra=extras("url", "detail")
)
parts = st.builds(
    ContentPart,
    type=texts,
    text=optional(texts),
    image_url=optional(images),
    extra=extras("type", "text", "image_url"),
)
functions = st.builds(FunctionCall, name=texts, arguments=texts, extra=extras("name", "arguments"))
calls = st.builds(
    ToolCall, id=texts, type=texts, function=functions, extra=extras("id", "type", "function")
)
messages = st.builds(
    Message,
    role=texts,
    content=st.none() | texts | st.lists(parts, min_size=1, max_size=2).map(tuple),
    name=optional(texts),
    weight=st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    tool_call_id=optional(texts),
    refusal=optional(texts),
    extra=extras(*Message.__struct_fields__[:-1]),
)
conversations = st.builds(
    Conversation,
    messages=st.lists(messages, max_size=4).map(tuple),
    tools=texts | st.lists(values, max_size=3).map(json.dumps),
    parallel_tool_calls=st.none() | st.booleans(),
    extra=extras("messages", "tools", "parallel_tool_calls"),
)


@given(conversations)
def test_what_is_written_is_read_back(conversation: Conversation) -> None:
    text = line(conversation)
    assert "\n" not in text
    assert "\r" not in text
    assert parse_line(text) == conversation
    assert parse_line(text.encode()) == conversation
    json.loads(text)


@given(conversations)
def test_the_line_has_only_keys_of_the_format_and_those_that_came(c: Conversation) -> None:
    known = {"messages", "tools", "parallel_tool_calls"} | set(json.loads(c.extra or "{}"))
    assert json.loads(line(c)).keys() <= known


@given(st.binary(max_size=60) | texts | values.map(json.dumps))
def test_anything_is_read_or_refused_in_words(data: bytes | str) -> None:
    try:
        conversation = parse_line(data)
    except LineError as error:
        words = error.detail
    else:
        words = conversation.title + "."
    assert words.endswith(".")


def test_a_plain_line_is_what_a_service_takes() -> None:
    conversation = Conversation(
        (
            Message("system", "Ünïcode stays"),
            Message("user", "日本語"),
            Message("assistant", 'He said "no"\n', weight=0),
        )
    )
    assert line(conversation) == (
        '{"messages":[{"role":"system","content":"Ünïcode stays"},'
        '{"role":"user","content":"日本語"},'
        '{"role":"assistant","content":"He said \\"no\\"\\n","weight":0}]}'
    )


def test_unknown_keys_keep_their_places_and_their_digits() -> None:
    text = (
        '{"messages":[{"role":"user","content":"x","extra":"e","score":1.50}],'
        '"id":12345678901234567890123}'
    )
    conversation = parse_line(text)
    assert conversation.messages[0].extra == '{"extra":"e","score":1.50}'
    assert conversation.extra == '{"id":12345678901234567890123}'
    assert line(conversation) == text


def test_unknown_keys_inside_calls_and_parts_are_kept() -> None:
    text = (
        '{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"a":1}}]},'
        '{"role":"assistant","tool_calls":[{"id":"c","function":'
        '{"name":"f","arguments":"{}","strict":true},"type":"function","index":0}]}]}'
    )
    assert line(parse_line(text)) == text


@pytest.mark.parametrize(
    ("tools", "stored"),
    [
        ('[ {"a" : 1.0} ]', '[ {"a" : 1.0} ]'),
        ('"[1]"', "[1]"),
        ("null", ""),
        ('{"a":1}', '{"a":1}'),
    ],
)
def test_tools_are_kept_as_written(tools: str, stored: str) -> None:
    assert parse_line(f'{{"messages":[],"tools":{tools}}}').tools == stored


@pytest.mark.parametrize("tools", ['[{"name": ', "\ud800", "[" * 5000, "[1] x", " [1]", '"x"', "7"])
def test_tools_half_typed_make_a_good_line(tools: str) -> None:
    text = line(Conversation((), tools))
    json.loads(text)
    assert parse_line(text).tools == tools.replace("\ud800", "\ufffd")


def test_tools_over_several_lines_make_one() -> None:
    text = line(Conversation((), '[\r\n{"a": "b\\nc"}\n]'))
    assert "\n" not in text
    assert json.loads(text)["tools"] == [{"a": "b\nc"}]


def test_unknown_roles_and_developer_stay_as_they_came() -> None:
    roles = ["developer", "function", "narrator"]
    lines = [f'{{"messages":[{{"role":"{role}","content":"x"}}]}}' for role in roles]
    assert [parse_line(text).messages[0].role for text in lines] == roles


def test_half_characters_are_written_as_replacement() -> None:
    conversation = Conversation((Message("user", "a\ud83d b \ud83d\ude00"),))
    assert parse_line(line(conversation)).messages[0].content == "a\ufffd b 😀"


DEEP = "[" * 600 + "]" * 600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "not_json"),
        ("", "not_json"),
        ('{"messages":[{"role":"user","content":"x"},]}', "not_json"),
        ('{"messages":[{"role":"user","content":"x"}]} {}', "not_json"),
        ('{"messages":[],"x":NaN}', "not_json"),
        ("{'messages': []}", "not_json"),
        ('{"messages":[{"role":"user","content":"a\x00b"}]}', "not_json"),
        (b'{"messages":[{"role":"user","content":"caf\xe9"}]}', "not_utf8"),
        (b'{"messages":[],"x":"\xff"}', "not_utf8"),
        ('{"messages":[{"role":"user","content":"\\ud83d oh"}]}', "half_character"),
        ('{"messages":[{"role":"user","content":"\ud83d oh"}]}', "half_character"),
        ('[{"messages":[]}]', "not_an_object"),
        ('"text"', "not_an_object"),
        ('{"prompt":"a","completion":"b"}', "no_messages_list"),
        ('{"messages":{"role":"user"}}', "no_messages_list"),
        ('{"messages":null}', "no_messages_list"),
        ('{"messages":[{"content":"x"}]}', "no_role"),
        ('{"messages":[{"role":null,"content":"x"}]}', "no_role"),
        ('{"messages":["x"]}', "wrong_type"),
        ('{"messages":[{"role":7,"content":"x"}]}', "wrong_type"),
        ('{"messages":[{"role":"user","content":7}]}', "wrong_type"),
        ('{"messages":[{"role":"user","content":"x","weight":true}]}', "wrong_type"),
        ('{"messages":[],"parallel_tool_calls":"yes"}', "wrong_type"),
        ('{"messages":[{"role":"assistant","tool_calls":[{"id":"c"}]}]}', "missing_key"),
        (f'{{"messages":[],"x":{DEEP}}}', "too_deep"),
        (f'{{"messages":[],"tools":{DEEP}}}', "too_deep"),
        ('{"a":' * 100_000, "too_deep"),
    ],
)
def test_what_is_no_conversation_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(LineError) as caught:
        parse_line(text)
    assert caught.value.reason == reason


def test_a_refusal_names_the_message_and_the_key() -> None:
    text = '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":["a"]}]}'
    with pytest.raises(LineError) as caught:
        parse_line(text)
    assert caught.value.detail == (
        "Message 2: “content”, part 1 is text where an object is expected."
    )


def test_nul_in_text_is_kept() -> None:
    text = '{"messages":[{"role":"user","content":"a\\u0000b"}]}'
    assert parse_line(text).messages[0].content == "a\x00b"
    assert line(parse_line(text)) == text


GOOD = '{"messages":[{"role":"user","content":"é"}]}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("user", "human"),
        GOOD.replace("}]", ',"extra":"{}"}]'),
        GOOD.replace("]}", '],"id":1}'),
        GOOD[:-1],
    ],
)
def test_only_what_is_exactly_in_the_format_is_read_at_full_speed(text: str) -> None:
    assert parse_exactly(GOOD) == parse_line(GOOD)
    assert parse_exactly(text) is None


REPLIES = st.none() | st.lists(messages, max_size=2).map(tuple)


@given(
    st.builds(
        Conversation,
        messages=st.lists(messages, max_size=2).map(tuple),
        tools=st.sampled_from(["", "[]", '[{"type":"function"}]']),
        parallel_tool_calls=st.none() | st.booleans(),
        preferred=st.lists(messages, max_size=2).map(tuple),
        non_preferred=REPLIES,
        extra=extras(
            "messages", "tools", "parallel_tool_calls", "preferred_output",
            "non_preferred_output", "input",
        ),
    )
)  # fmt: skip
def test_a_preference_example_comes_back_as_it_was_written(example: Conversation) -> None:
    assert example.is_preference
    assert parse_line(line(example)) == example


def test_unknown_keys_of_a_preference_example_stay_where_they_stood() -> None:
    text = (
        '{"input":{"messages":[{"role":"user","content":"Hello"}],"seen":1},'
        '"preferred_output":[{"role":"assistant","content":"Hi"}],'
        '"non_preferred_output":[{"role":"assistant","content":"Yo"}],"id":7}'
    )
    example = parse_line(text)
    assert [m.text for m in example.all_messages] == ["Hello", "Hi", "Yo"]
    assert json.loads(line(example)) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"input":{},"preferred_output":[]}', "no_messages_list"),
        ('{"input":[],"preferred_output":[]}', "wrong_type"),
        ('{"input":{"messages":[]},"preferred_output":[],"tools":[]}', "misplaced_key"),
        ('{"input":{"messages":[]},"preferred_output":[{"content":"x"}]}', "no_role"),
        ('{"input":{"messages":[]}}', "no_messages_list"),
    ],
)
def test_a_broken_preference_example_says_why(text: str, reason: str) -> None:
    with pytest.raises(LineError) as raised:
        parse_line(text)
    assert raised.value.reason == reason
