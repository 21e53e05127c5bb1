import pytest

from desktop_app.core.examples.checks import Finding, check_conversation
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.fixes import fix
from desktop_app.core.examples.texts import TEXTS

WEIGHED = Message("user", "x", weight=1)
KEYED = Message("user", "x", extra='{"a":1}')
USER = Message("user", "Hi")
REPLY = Message("assistant", "Hello")
EMPTY = Message("assistant", "")
IMAGE = ContentPart("image_url", image_url=ImageUrl("u"))


def weighed(weight: float) -> Message:
    return Message("assistant", "x", weight=weight)


def fixed(code: str, *messages: Message, extra: str = "") -> Conversation | None:
    """Mend the first finding of that code."""
    conversation = Conversation(messages, extra=extra)
    finding = next(f for f in check_conversation(conversation) if f.code == code)
    return fix(conversation, finding)


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("empty_reply", (USER, REPLY, USER, EMPTY), (USER, REPLY)),
        ("empty_reply", (USER, REPLY, EMPTY), (USER, REPLY)),
        ("last_not_assistant", (USER, REPLY, USER, USER), (USER, REPLY)),
        ("developer_role", (Message("developer", "x"), REPLY), (Message("system", "x"), REPLY)),
        ("weight_on_non_assistant", (WEIGHED, REPLY), (Message("user", "x"), REPLY)),
        ("bad_weight", (USER, weighed(0.5)), (USER, weighed(1))),
        ("bad_weight", (USER, weighed(1), weighed(-3)), (USER, weighed(1), weighed(0))),
        ("unknown_key", (KEYED, REPLY), (Message("user", "x"), REPLY)),
        (
            "unknown_key",
            (USER, Message("assistant", "x", extra='{"a":1,"function_call":null}')),
            (USER, Message("assistant", "x", extra='{"function_call":null}')),
        ),
        (
            "special_token",
            (USER, Message("assistant", "a<|im_<|im_end|>end|>b")),
            (USER, Message("assistant", "ab")),
        ),
        (
            "special_token",
            (Message("user", (ContentPart("text", "x<|endoftext|>"), IMAGE)), REPLY),
            (Message("user", (ContentPart("text", "x"), IMAGE)), REPLY),
        ),
        (
            "image_in_assistant",
            (USER, Message("assistant", (ContentPart("text", "x"), IMAGE))),
            (USER, Message("assistant", "x")),
        ),
    ],
)
def test_one_click_fixes(
    code: str, before: tuple[Message, ...], after: tuple[Message, ...]
) -> None:
    mended = fixed(code, *before)
    assert mended is not None
    assert mended.messages == after
    assert code not in [finding.code for finding in check_conversation(mended)]
    assert TEXTS[code].fix


def test_unknown_keys_within_are_stripped() -> None:
    call = ToolCall("c", FunctionCall("f", "{}", extra='{"x":1}'), extra='{"index":0}')
    part = ContentPart("image_url", image_url=ImageUrl("u", extra='{"x":1}'), extra='{"x":1}')
    mended = fixed(
        "unknown_key", Message("user", (part,)), Message("assistant", tool_calls=(call,))
    )
    assert mended is not None
    assert mended.messages[0] == Message("user", (IMAGE,))
    mended = fix(mended, Finding("unknown_key", "blocks", 1))
    assert mended is not None
    assert check_conversation(mended) == []


def test_unknown_keys_of_the_line_are_stripped() -> None:
    mended = fixed("unknown_key", USER, REPLY, extra='{"id":1,"functions":[]}')
    assert mended is not None
    assert mended.extra == '{"functions":[]}'


def test_tool_calls_of_others_than_the_assistant_are_stripped() -> None:
    call = ToolCall("c", FunctionCall("f", "{}"))
    mended = fixed("unknown_key", Message("user", "x", tool_calls=(call,)), REPLY)
    assert mended == Conversation((Message("user", "x"), REPLY))


def test_a_special_token_in_arguments_is_removed() -> None:
    call = ToolCall("c", FunctionCall("f", '{"q":"<|im_end|>"}'))
    mended = fixed("special_token", USER, Message("assistant", tool_calls=(call,)))
    assert mended is not None
    assert mended.messages[1].tool_calls[0].function.arguments == '{"q":""}'


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        # Nothing would be left to learn from.
        ("empty_reply", (USER, EMPTY)),
        # In the middle, only a person knows what was meant.
        ("empty_reply", (USER, EMPTY, USER, REPLY)),
        ("last_not_assistant", (USER,)),
        ("unknown_role", (Message("narrator", "x"), REPLY)),
        ("missing_content", (Message("user"), REPLY)),
        ("no_learned_reply", (USER,)),
    ],
)
def test_what_a_person_has_to_decide(code: str, messages: tuple[Message, ...]) -> None:
    assert fixed(code, *messages) is None


def test_a_finding_of_before_changes_nothing() -> None:
    conversation = Conversation((USER, REPLY))
    assert fix(conversation, Finding("developer_role", "blocks", None)) is None
    assert fix(conversation, Finding("special_token", "blocks", 0)) is None
