from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.advice.near_duplicates import (
    LONGEST,
    NearDuplicates,
    compared_text,
    shingles_of,
)
from desktop_app.core.examples.conversation import Conversation, Message

LONG = (
    "My parcel was due on Monday and is not here yet, though the page says that it was handed"
    " over to a neighbour of mine. Could you find out to whom it was given, please?"
)
JAPANESE = "月曜日に届くはずの荷物がまだ届いていません。配達状況を確認していただけますか。"
THAI = "พัสดุของฉันควรจะมาถึงวันจันทร์แต่ยังไม่มาถึงกรุณาตรวจสอบให้ด้วย"


def talk(asked: str, reply: str = "I will look into it.", instructions: str = "") -> Conversation:
    return Conversation(
        (Message("system", instructions), Message("user", asked), Message("assistant", reply))
    )


def groups(*conversations: Conversation) -> list[list[int]]:
    near = NearDuplicates()
    for id, conversation in enumerate(conversations, 100):
        near.add(id, conversation)
    return near.groups()


def test_a_few_other_words_are_nearly_the_same_in_every_script() -> None:
    for text, other in (
        (LONG, LONG.replace("Monday", "Tuesday").upper()),
        (JAPANESE, JAPANESE.replace("月曜日", "火曜日")),
        (THAI, THAI.replace("จันทร์", "อังคาร")),
    ):
        assert groups(talk(text), talk("Do you sell oak tables?"), talk(other)) == [[100, 102]]


def test_instructions_do_not_make_conversations_alike_and_earlier_turns_tell_apart() -> None:
    one, other = talk("Where?", "There.", LONG), talk("When exactly?", "At noon.", LONG)
    assert groups(one, other) == []
    thanks = (Message("user", "Thanks"), Message("assistant", "You are welcome"))
    before = [talk(text).messages for text in (LONG, "Do you sell oak tables?")]
    assert groups(*(Conversation((*messages, *thanks)) for messages in before)) == []


def test_one_reply_to_questions_that_have_little_in_common_is_no_near_duplicate() -> None:
    reply = "Open Settings in your account and choose Close account. We delete it in 30 days."
    asked = [
        "How do I close my account?",
        "Please delete all of it.",
        "How can I close my account?",
    ]
    assert groups(*(talk(each, reply) for each in asked)) == [[100, 102]]
    alone = Conversation((Message("assistant", LONG),))
    assert groups(alone, alone) == [[100, 101]]


def test_one_that_changes_is_compared_as_it_is_then_and_one_that_goes_is_not() -> None:
    near = NearDuplicates()
    for id, text in enumerate([LONG, "Do you sell oak tables?", LONG.upper()]):
        near.add(id, talk(text))
    assert near.groups() == [[0, 2]]
    near.add(1, talk(LONG))
    near.drop(0)
    near.drop(7)
    assert near.groups() == [[1, 2]]
    near.add(2, Conversation(()))
    assert near.groups() == []
    near.add(5, talk(LONG))
    near.drop(5)
    assert near.groups() == []


@given(st.permutations(range(12)))
def test_the_order_in_which_they_come_changes_nothing(order: list[int]) -> None:
    words = LONG.split()
    near = NearDuplicates()
    for id in order:
        near.add(id, talk(" ".join(words[id % 4 * 3 :])))
    ordered = groups(*(talk(" ".join(words[id % 4 * 3 :])) for id in range(12)))
    assert [[100 + id for id in group] for group in near.groups()] == ordered


def test_groups_are_joined_by_way_of_others() -> None:
    words = [f"word{n}" for n in range(60)]
    chain = [" ".join(words[:4] and [f"new{n}" for n in range(k)] + words[k:]) for k in (0, 4, 8)]
    assert groups(*map(talk, chain)) == [[100, 101, 102]]


def test_many_equal_ones_are_one_group() -> None:
    assert groups(*[talk(LONG)] * 1200) == [list(range(100, 1300))]
    assert groups() == groups(talk("", "")) == groups(talk(LONG)) == []


def test_it_can_be_stopped() -> None:
    near = NearDuplicates()
    near.add(1, talk(LONG))
    near.add(2, talk(LONG))
    assert near.groups(lambda: True) == []


@given(st.text(max_size=200))
def test_every_text_has_pieces_but_for_space(text: str) -> None:
    assert bool(shingles_of(text)) == bool(text.split())
    assert shingles_of(text) == shingles_of(f" {text}\n")


@given(st.lists(st.sampled_from(["mug", "lamp", "oak", "table", "wo", "木"]), max_size=8))
def test_equal_texts_are_always_found(words: list[str]) -> None:
    text = " ".join(words)
    expected = [[100, 101]] if words else []
    assert groups(talk(text, text), talk(text, text)) == expected


def test_only_the_beginning_of_a_long_conversation_is_compared() -> None:
    assert len(compared_text(talk("x" * 3 * LONGEST))) == LONGEST
