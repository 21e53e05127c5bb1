import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    ImageUrl,
    Message,
)
from desktop_app.core.examples.replacing import Occurrence, Replacer, Wanted


def talk(*texts: str) -> Conversation:
    return Conversation(tuple(Message("user", text) for text in texts))


def texts_of(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.all_messages]


def test_every_place_is_found_in_the_order_of_the_messages() -> None:
    found = Replacer(Wanted("parcel")).occurrences(talk("Parcel, parcel", "no", "a parcel"))

    assert found == [Occurrence(0, 0, 6), Occurrence(0, 8, 14), Occurrence(2, 2, 8)]


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [
        (Wanted("lamp"), "Lamp lamps", "X Xs"),
        (Wanted("lamp", match_case=True), "Lamp lamps", "Lamp Xs"),
        (Wanted("lamp", whole_words=True), "Lamp lamps", "X lamps"),
        (Wanted("a.c"), "abc a.c", "abc X"),
        (Wanted("配達"), "配達はいつ", "Xはいつ"),
        (Wanted("توصيل"), "هل التوصيل مجاني", "هل الX مجاني"),
        (Wanted(""), "nothing", "nothing"),
    ],
)
def test_words_are_replaced(wanted: Wanted, before: str, after: str) -> None:
    assert texts_of(Replacer(wanted).replaced(talk(before), "X")) == [after]


def test_nothing_in_the_new_words_is_special() -> None:
    assert texts_of(Replacer(Wanted("a")).replaced(talk("a"), r"\1\g<0>")) == [r"\1\g<0>"]


def test_both_replies_of_a_preference_example_are_changed() -> None:
    example = Conversation(
        (Message("user", "old"),),
        preferred=(Message("assistant", "old"),),
        non_preferred=(Message("assistant", "older"),),
    )

    changed = Replacer(Wanted("old")).replaced(example, "new")

    assert texts_of(changed) == ["new", "new", "newer"]
    assert changed.preferred == (Message("assistant", "new"),)


def test_images_stay_and_the_words_beside_them_change() -> None:
    image = ContentPart("image_url", image_url=ImageUrl("data:old"))
    message = Message("user", (ContentPart("text", text="old"), image))

    changed = Replacer(Wanted("old")).replaced(Conversation((message,)), "new")

    assert changed.messages[0].content == (ContentPart("text", text="new"), image)


@given(st.text(max_size=20), st.text(min_size=1, max_size=3))
def test_what_is_replaced_by_itself_stays_the_same(text: str, wanted: str) -> None:
    conversation = talk(text)
    same = Replacer(Wanted(wanted, match_case=True)).replaced(conversation, wanted)

    assert same == conversation
