import pytest

from desktop_app.core.examples import fixes
from desktop_app.core.examples.advice.mask import MASKED
from desktop_app.core.examples.checks import Finding, check_conversation
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.fixes import fix, fix_all
from desktop_app.core.examples.rules import rules_for
from desktop_app.core.examples.texts import TEXTS

WEIGHED = Message("user", "x", weight=1)
KEYED = Message("user", "x", extra='{"a":1}')
USER = Message("user", "Hi")
REPLY = Message("assistant", "Hello")
EMPTY = Message("assistant", "")
IMAGE = ContentPart("image_url", image_url=ImageUrl("https://shop.example/mug.png"))


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
    part = ContentPart(
        "image_url",
        image_url=ImageUrl("https://shop.example/mug.png", extra='{"x":1}'),
        extra='{"x":1}',
    )
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


def compared(*replies: Message) -> Conversation:
    return Conversation((USER,), preferred=replies[:1], non_preferred=replies[1:])


def test_the_preferred_reply_can_be_kept_alone() -> None:
    mended = fix(compared(REPLY, EMPTY), Finding("preference_example", "blocks"))
    assert mended == Conversation((USER, REPLY))
    assert check_conversation(mended) == []
    nothing_preferred = compared()
    assert fix(nothing_preferred, Finding("preference_example", "blocks")) is None


def test_replies_to_compare_are_mended_where_they_stand() -> None:
    rules = rules_for("openai", "dpo")
    broken = compared(Message("assistant", "a<|im_end|>"), Message("user", "b"))
    findings = check_conversation(broken, rules)
    assert [f.code for f in findings] == ["reply_not_assistant", "special_token"]
    for finding in findings:
        after = fix(broken, finding)
        assert after is not None
        broken = after
    assert broken == compared(Message("assistant", "a"), Message("assistant", "b"))


def test_an_empty_reply_to_compare_is_for_a_person_to_write() -> None:
    for finding in check_conversation(compared(REPLY, EMPTY), rules_for("openai", "dpo")):
        assert fix(compared(REPLY, EMPTY), finding) is None


def test_two_messages_of_one_role_become_one() -> None:
    mended = fixed("same_role_twice", Message("user", "Hi"), Message("user", "there"), REPLY)
    assert mended == Conversation((Message("user", "Hi\n\nthere"), REPLY))
    images = (IMAGE,)
    assert fixed("same_role_twice", USER, Message("user", images), REPLY) is None
    assert fixed("same_role_twice", USER, REPLY, weighed(0)) is None


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("edge_space", " Hi \n", "Hi"),
        ("broken_characters", "the cafÃ© is closed", "the café is closed"),
        ("email_address", "I am a@shop.example and b@shop.example", "I am [email] and [email]"),
    ],
)
def test_advice_is_followed_in_all_messages(code: str, before: str, after: str) -> None:
    conversation = Conversation((Message("user", before), REPLY, Message("user", before), REPLY))
    expected = Conversation((Message("user", after), REPLY, Message("user", after), REPLY))
    assert fix_all(conversation, code) == expected
    assert fix_all(expected, code) is None


def test_all_of_a_code_are_mended_as_far_as_it_goes() -> None:
    conversation = Conversation((USER, weighed(0.5), USER, EMPTY, USER, weighed(0.7)))
    mended = fix_all(conversation, "bad_weight")
    assert mended is not None
    assert [m.weight for m in mended.messages] == [None, 1, None, None, None, 1]
    assert fix_all(conversation, "empty_reply") is None
    shown = Conversation((Message("user", (ContentPart("text", "x"), IMAGE)), REPLY))
    assert fix_all(shown, "images_not_taken", rules_for("local")) == Conversation(
        (Message("user", "x"), REPLY)
    )
    assert fix_all(shown, "images_not_taken") is None


def test_every_label_of_a_fix_belongs_to_one_that_exists() -> None:
    mends = {*fixes._MESSAGE_FIXES, *fixes._END_FIXES, *MASKED}
    mends |= {"same_role_twice", "preference_example"}
    assert {code for code, text in TEXTS.items() if text.fix} == mends
