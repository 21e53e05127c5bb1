from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import (
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)
from desktop_app.core.examples.differences import MOST_WORDS, MarkedMessage, Piece, marked


def talk(*texts: str) -> Conversation:
    return Conversation(tuple(Message("user", text) for text in texts))


def text_of(messages: list[MarkedMessage]) -> list[str]:
    return ["".join(piece.text for piece in message.pieces) for message in messages]


def new_in(messages: list[MarkedMessage]) -> list[str]:
    return [piece.text for message in messages for piece in message.pieces if piece.is_new]


def test_only_the_words_that_differ_are_marked() -> None:
    found = marked(talk("The parcel comes on Monday."), talk("The parcel comes on Friday."))

    assert found == [
        MarkedMessage(
            "user", (Piece("The parcel comes on ", False), Piece("Monday", True), Piece(".", False))
        )
    ]


def test_a_message_between_two_others_is_new_as_a_whole() -> None:
    found = marked(talk("one", "two", "three"), talk("one", "three"))

    assert new_in(found) == ["two"]


def test_without_another_state_nothing_is_marked() -> None:
    assert new_in(marked(talk("one", "two"), None)) == []


def test_calls_of_tools_are_compared_as_well() -> None:
    def asking(arguments: str) -> Conversation:
        call = ToolCall("1", FunctionCall("find", arguments))
        return Conversation((Message("assistant", tool_calls=(call,)),))

    assert new_in(marked(asking('{"n":2}'), asking('{"n":1}'))) == ["2"]


def test_long_texts_are_compared_by_messages() -> None:
    long = "word " * MOST_WORDS

    assert new_in(marked(talk(long, "same"), talk(long + "end", "same"))) == [long]


@given(st.lists(st.text(max_size=30), max_size=4), st.lists(st.text(max_size=30), max_size=4))
def test_all_words_are_there_and_in_order(one: list[str], other: list[str]) -> None:
    assert text_of(marked(talk(*one), talk(*other))) == one
    assert new_in(marked(talk(*one), talk(*one))) == []
