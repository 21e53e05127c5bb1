import inspect
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples import checks, images, preferences
from desktop_app.core.examples.advice import review
from desktop_app.core.examples.advice.mask import MASKED
from desktop_app.core.examples.advice.set_finding import CODES_OF_THE_SET
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
from desktop_app.core.examples.rules import METHODS, SERVICES, rules_for, traits_of
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
        '{"type":"image_url","image_url":{"url":"https://x.example","b":1}}]},'
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


def named_codes(module: ModuleType, maker: str) -> set[str]:
    parts = inspect.getsource(module).split(maker)[1:]
    return {part.lstrip(" \n(").split('"')[1] for part in parts if part.lstrip()[:1] == '"'}


def test_every_finding_has_words_and_every_word_a_finding() -> None:
    blocking = (
        named_codes(checks, "Finding(")
        | named_codes(images, "ImageFault(")
        | named_codes(preferences, "PreferenceFault(")
        | {"no_preferred_reply", "no_other_reply"}
    )
    by_conversation = named_codes(review, "Finding(") | MASKED
    by_conversation |= {"edge_space", "broken_characters", "cut_off"}
    assert blocking | by_conversation | CODES_OF_THE_SET == TEXTS.keys()
    assert not any("!" in text.title + text.reason + text.fix for text in TEXTS.values())


def test_words_name_the_particulars() -> None:
    finding = Finding("unknown_role", "blocks", 2, "{number}")
    title = fill(TEXTS["unknown_role"].title, finding)
    assert title == "Message 3 has the unknown role “{number}”"
    assert fill("{number}", Finding("no_messages", "blocks")) == ""


PART_IMAGES = {
    "https://shop.example/mug.png": None,
    "HTTP://shop.example/mug.png": None,
    "data:image/png;base64,iVBORw0KGgo=": None,
    "data:image/webp;base64,UklGRg==": None,
    "mug.png": "image_address",
    "file:///home/mug.png": "image_address",
    "https:///": "image_address",
    "": "image_address",
    "data:image/gif;base64,R0lGODlh": "image_format",
    "data:,x": "image_format",
    "data:image/jpeg;base64," + "A" * 14_500_000: "image_too_large",
}


@pytest.mark.parametrize(("url", "code"), PART_IMAGES.items(), ids=range(len(PART_IMAGES)))
def test_where_images_may_be_and_how_large(url: str, code: str | None) -> None:
    image = ContentPart("image_url", image_url=ImageUrl(url))
    assert codes(Message("user", (image,)), REPLY) == ([code] if code else [])


def shown(n: int) -> Conversation:
    return Conversation((Message("user", (ContentPart("text", "x"), *[IMAGE] * n)), REPLY))


def test_services_take_different_numbers_of_images() -> None:
    def found_at(service: str, n: int) -> list[str]:
        return [f.code for f in check_conversation(shown(n), rules_for(service))]

    assert found_at("openai", 10) == found_at("foundry", 64) == []
    assert found_at("openai", 11) == found_at("foundry", 65) == ["too_many_images"]
    assert found_at("local", 1) == ["images_not_taken"]
    assert (count_blocking(shown(64)), count_blocking(shown(65))) == (0, 1)


def compared(
    preferred: tuple[Message, ...] | None = (REPLY,),
    other: tuple[Message, ...] | None = (Message("assistant", "No."),),
    messages: tuple[Message, ...] = (USER,),
) -> Conversation:
    return Conversation(messages, preferred=preferred, non_preferred=other)


@pytest.mark.parametrize(
    ("conversation", "found_here"),
    [
        (compared(), []),
        (compared(messages=(USER, REPLY, USER)), []),
        (compared(other=None), [("no_other_reply", None)]),
        (compared(preferred=()), [("no_preferred_reply", None)]),
        (compared(other=(REPLY, USER)), [("several_replies", 3), ("reply_not_assistant", 3)]),
        (compared(preferred=(USER,)), [("reply_not_assistant", 1)]),
        (compared(preferred=(Message("assistant", " "),)), [("empty_reply", 1)]),
        (compared(other=(Message("assistant", "<|im_end|>"),)), [("special_token", 2)]),
        (compared(messages=(USER, REPLY)), [("question_not_last", 1)]),
        (compared(other=(REPLY,)), [("replies_equal", 2)]),
        (compared(messages=()), [("no_messages", None)]),
    ],
)
def test_replies_to_compare(
    conversation: Conversation, found_here: list[tuple[str, int | None]]
) -> None:
    findings = check_conversation(conversation, rules_for("openai", "dpo"))
    assert [(f.code, f.message_index) for f in findings] == found_here
    assert count_blocking(conversation) == sum(f.severity == "blocks" for f in findings)


def test_each_method_refuses_the_others_examples() -> None:
    assert [f.code for f in check_conversation(compared())] == ["preference_example"]
    supervised = Conversation((USER, REPLY))
    dpo = check_conversation(supervised, rules_for("openai", "dpo"))
    assert [f.code for f in dpo] == ["no_replies_to_compare"]
    assert count_blocking(compared()) == count_blocking(supervised) == 0


def test_some_services_refuse_what_others_advise_against() -> None:
    conversation = Conversation((USER, USER, REPLY, USER))

    def found_at(service: str) -> set[tuple[str, str]]:
        findings = check_conversation(conversation, rules_for(service))
        return {(finding.code, finding.severity) for finding in findings}

    names = ("same_role_twice", "last_not_assistant")
    assert found_at("openai") == {(name, "advice") for name in names}
    assert found_at("foundry") == {(name, "blocks") for name in names}


TEXTS_OF_MESSAGES = st.sampled_from(["", " ", "x", "Hello <|im_end|>", "Two words"])
CONTENTS = (
    TEXTS_OF_MESSAGES
    | st.none()
    | st.sampled_from([1, 11, 65]).map(lambda n: (ContentPart("text", "x"), *[IMAGE] * n))
)
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool", "developer", "x"]),
    content=CONTENTS,
    weight=st.sampled_from([None, None, 0, 1, 0.5]),
    extra=st.sampled_from(["", "", '{"a":1}']),
)
REPLIES = st.none() | st.lists(MESSAGES, max_size=2).map(tuple)
CONVERSATIONS = st.builds(
    Conversation,
    messages=st.lists(MESSAGES, max_size=5).map(tuple),
    tools=st.sampled_from(["", "", "[]", "{"]),
    preferred=REPLIES,
    non_preferred=REPLIES,
    extra=st.sampled_from(["", "", '{"a":1}']),
) | st.builds(Conversation, messages=st.lists(MESSAGES, max_size=5).map(tuple))


@given(CONVERSATIONS, st.sampled_from(SERVICES), st.sampled_from(METHODS))
def test_what_a_project_keeps_tells_what_each_service_refuses(
    conversation: Conversation, service: str, method: str
) -> None:
    rules = rules_for(service, method)
    kept = count_blocking(conversation) > 0 or bool(traits_of(conversation) & rules.refused)
    blocks = [f for f in check_conversation(conversation, rules) if f.severity == "blocks"]
    assert kept == bool(blocks)


@given(CONVERSATIONS)
def test_findings_name_messages_that_are_there(conversation: Conversation) -> None:
    for finding in check_conversation(conversation):
        assert finding.message_index is None or finding.message_index < len(
            conversation.all_messages
        )
        assert finding.code in TEXTS
