import pytest

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.checks import (
    Finding,
    check_conversation,
    count_blocking,
)
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.texts import TEXTS, fill

USER = Message("user", "Hi")
REPLY = Message("assistant", "Hello")
CALL = ToolCall("c1", FunctionCall("look_up", '{"id": 7}'))
CALLING = Message("assistant", tool_calls=(CALL,))
ANSWER = Message("tool", "42", tool_call_id="c1")
IMAGE = ContentPart("image_url", image_url=ImageUrl("https://example.org/x.png"))


def found(*messages: Message, tools: str = "", extra: str = "") -> list[Finding]:
    return check_conversation(Conversation(messages, tools, extra=extra))


def codes(*messages: Message, tools: str = "", extra: str = "") -> list[str]:
    return [finding.code for finding in found(*messages, tools=tools, extra=extra)]


@pytest.mark.parametrize(
    "messages",
    [
        (USER, REPLY),
        (Message("system", "Be brief."), USER, REPLY, USER, REPLY),
        (USER, Message("assistant", "first", weight=0), USER, Message("assistant", "x", weight=1)),
        (USER, CALLING, ANSWER, REPLY),
        # A set that teaches when to call ends with the call.
        (USER, CALLING),
        (Message("user", (ContentPart("text", "What?"), IMAGE)), REPLY),
        (USER, Message("assistant", refusal="I cannot help with that.")),
        (USER, Message("assistant", extra='{"function_call":{"name":"f","arguments":"{}"}}')),
        (USER, Message("assistant", "It is <|not|> special, <| either.")),
    ],
)
def test_good_conversations_have_no_findings(messages: tuple[Message, ...]) -> None:
    assert found(*messages) == []


@pytest.mark.parametrize(
    ("messages", "code", "index"),
    [
        ((USER,), "no_learned_reply", None),
        ((USER, Message("assistant", "x", weight=0)), "no_learned_reply", None),
        ((USER, Message("assistant", " \n")), "empty_reply", 1),
        ((USER, Message("assistant", (ContentPart("text", ""),))), "empty_reply", 1),
        ((USER, Message("assistant")), "missing_content", 1),
        ((Message("user"), REPLY), "missing_content", 0),
        ((Message("narrator", "x"), USER, REPLY), "unknown_role", 0),
        ((Message("developer", "x"), USER, REPLY), "developer_role", 0),
        ((USER, Message("assistant", "x", weight=0.5)), "bad_weight", 1),
        ((USER, Message("assistant", "x", weight=2)), "bad_weight", 1),
        ((Message("user", "x", weight=1), REPLY), "weight_on_non_assistant", 0),
        ((USER, Message("assistant", "x", extra='{"rating":5}')), "unknown_key", 1),
        ((Message("user", "x", tool_calls=(CALL,)), REPLY), "unknown_key", 0),
        ((USER, Message("assistant", "bye<|endoftext|>")), "special_token", 1),
        ((Message("user", "<|im_start|>system"), REPLY), "special_token", 0),
        ((USER, Message("assistant", (ContentPart("text", "x"), IMAGE))), "image_in_assistant", 1),
        ((Message("user", (ContentPart("input_audio"),)), REPLY), "unknown_part", 0),
        ((Message("user", (ContentPart("text"), IMAGE)), REPLY), "unknown_part", 0),
        ((USER, CALLING, USER, REPLY), "tool_call_unanswered", 1),
        ((USER, ANSWER, REPLY), "tool_answer_without_call", 1),
        ((USER, CALLING, ANSWER, ANSWER, REPLY), "tool_answer_without_call", 3),
    ],
)
def test_what_a_service_would_refuse(
    messages: tuple[Message, ...], code: str, index: int | None
) -> None:
    blocking = [finding for finding in found(*messages) if finding.severity == "blocks"]
    assert (code, index) in [(finding.code, finding.message_index) for finding in blocking]
    assert count_blocking(Conversation(messages)) == len(blocking)


@pytest.mark.parametrize("arguments", ["", "{", "[1]", '"x"', "[" * 5000])
def test_arguments_must_be_a_json_object(arguments: str) -> None:
    call = ToolCall("c", FunctionCall("f", arguments))
    assert codes(USER, Message("assistant", tool_calls=(call,))) == ["arguments_not_json"]


@pytest.mark.parametrize("name", ["", "look up", "größe", "x" * 65, "a.b"])
def test_function_names(name: str) -> None:
    call = ToolCall("c", FunctionCall(name, "{}"))
    assert codes(USER, Message("assistant", tool_calls=(call,))) == ["bad_function_name"]


def test_special_tokens_hide_in_arguments_too() -> None:
    call = ToolCall("c", FunctionCall("f", '{"q": "<|im_end|>"}'))
    assert codes(USER, Message("assistant", tool_calls=(call,))) == ["special_token"]


def test_tools_must_be_a_json_list_of_objects() -> None:
    assert codes(USER, REPLY, tools='[{"type": "function"}]') == []
    for tools in ("{}", "[1]", "[{", "\ud800"):
        assert codes(USER, REPLY, tools=tools) == ["tools_not_json"]


def test_unknown_keys_of_the_line_are_each_named() -> None:
    findings = found(USER, REPLY, extra='{"id":1,"functions":[],"split":"train"}')
    assert [(f.code, f.message_index, f.detail) for f in findings] == [
        ("unknown_key", None, "id"),
        ("unknown_key", None, "split"),
    ]


def test_unknown_keys_inside_a_message_are_found() -> None:
    conversation = parse_line(
        '{"messages":[{"role":"user","content":[{"type":"text","text":"x","a":1},'
        '{"type":"image_url","image_url":{"url":"u","b":1}}]},'
        '{"role":"assistant","tool_calls":[{"id":"c","type":"function","c":1,'
        '"function":{"name":"f","arguments":"{}","d":1}}]}]}'
    )
    assert [finding.detail for finding in check_conversation(conversation)] == list("abcd")


def test_advice_comes_last_and_does_not_block() -> None:
    findings = found(Message("system", ""), USER, USER, REPLY, Message("user", "", weight=1))
    assert [(f.severity, f.code) for f in findings] == [
        ("blocks", "weight_on_non_assistant"),
        ("advice", "empty_message"),
        ("advice", "empty_message"),
        ("advice", "last_not_assistant"),
        ("advice", "same_role_twice"),
    ]


def test_no_messages() -> None:
    assert codes() == ["no_messages"]


def test_every_finding_has_words() -> None:
    import inspect

    from desktop_app.core.examples import checks

    source = inspect.getsource(checks)
    named = {part.split('"')[1] for part in source.split("Finding(")[1:] if part.startswith('"')}
    assert named == TEXTS.keys()
    assert not any("!" in text.title + text.reason + text.fix for text in TEXTS.values())


def test_words_name_the_particulars() -> None:
    finding = Finding("unknown_role", "blocks", 2, "{number}")
    title = fill(TEXTS["unknown_role"].title, finding)
    assert title == "Message 3 has the unknown role “{number}”"
    assert fill("{number}", Finding("no_messages", "blocks")) == ""
