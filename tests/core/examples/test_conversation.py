import pytest

from desktop_app.core.examples.conversation import ContentPart, Conversation, ImageUrl, Message


def conversation(*contents: str, role: str = "user") -> Conversation:
    return Conversation(tuple(Message(role, content) for content in contents))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  Where is it?  \nsecond", "Where is it?"),
        ("a\tb\x00c", "a b c"),
        ("one\u2028two", "one"),
        ("x" * 1000, "x" * 200),
        ("\u202eevil", "evil"),
        ("هل يمكنني الدفع؟", "هل يمكنني الدفع؟"),
    ],
)
def test_title_is_one_short_printable_line(text: str, title: str) -> None:
    assert conversation(text).title == title


def test_title_is_of_the_first_user_message_that_has_words() -> None:
    assert conversation(" ", "second").title == "second"
    system = Message("system", "Be brief.")
    assert Conversation((system, Message("user", "Hi"))).title == "Hi"
    assert Conversation((system, Message("assistant", "Yes"))).title == "Be brief."
    assert Conversation(()).title == ""


def test_text_leaves_images_out() -> None:
    parts = (
        ContentPart("text", "What is this?"),
        ContentPart("image_url", image_url=ImageUrl("https://example.org/x.png")),
        ContentPart("text", "Be brief."),
    )
    assert Message("user", parts).text == "What is this?\nBe brief."
    assert Message("assistant").text == ""


def test_only_assistant_messages_with_weight_are_learned_from() -> None:
    assert Message("assistant", "x").is_learned_from
    assert Message("assistant", "x", weight=1).is_learned_from
    assert not Message("assistant", "x", weight=0).is_learned_from
    assert not Message("user", "x").is_learned_from
