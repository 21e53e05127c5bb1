import re

import msgspec
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.advice.refusals import PHRASES, is_refusal
from desktop_app.core.examples.advice.review import advise, review
from desktop_app.core.examples.advice.wording import is_broken
from desktop_app.core.examples.conversation import (
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)

ASKED = "Where is my parcel? It was due on Monday."
REPLIED = "It is on its way and should reach you tomorrow."


def talk(asked: str, reply: str, instructions: str = "") -> Conversation:
    before = (Message("system", instructions),) if instructions else ()
    return Conversation((*before, Message("user", asked), Message("assistant", reply)))


@pytest.mark.parametrize(
    ("asked", "reply", "codes"),
    [
        (ASKED, REPLIED, ()),
        (ASKED, f"{REPLIED} ", ("edge_space",)),
        (f"\n{ASKED}", REPLIED, ("edge_space",)),
        (ASKED, "I'm sorry, but I can't help with that.", ("refusal",)),
        (ASKED, "I\u2019m unable to say.", ("refusal",)),
        (ASKED, "申し訳ありませんが、お答えできません。", ("refusal", "mixed_languages")),
        (ASKED, "-", ("short_reply",)),
        (ASKED, "…", ("short_reply",)),
        (ASKED, "no", ()),
        (ASKED, "3", ()),
        (ASKED, "As an AI I can suggest three ways in which you may look for it.", ()),
        (ASKED, "As an AI, I don't look for parcels.", ("refusal",)),
        ("Übersetze ins Englische, bitte: Es ist unterwegs.", REPLIED, ()),
        ("我的包裹在哪里？什么时候到？", REPLIED, ("mixed_languages",)),
        ("用 parcel 和 tomorrow 造一个句子，谢谢。", REPLIED, ()),
        (ASKED, "```\nlet paket = wo.ist(mein, paket, und, wann, kommt, es)\n```", ()),
        (ASKED, "好", ()),
        (ASKED, "Es ist unterwegs und sollte Sie morgen erreichen.", ("mixed_languages",)),
        ("Translate to German: it is on its way.", REPLIED, ()),
        (ASKED, "The cafÃ© is closed.", ("broken_characters",)),
        ("Mail a@b.example or c@d.example", REPLIED, ("email_address",)),
        ("", REPLIED, ("empty_message",)),
    ],
)
def test_codes_of_advice(asked: str, reply: str, codes: tuple[str, ...]) -> None:
    assert sorted(review(talk(asked, reply)).codes) == sorted(codes)


def test_advice_says_where_it_stands() -> None:
    findings = advise(talk("Call me: a@b.example", REPLIED))
    assert [(f.code, f.message_index, f.detail, f.span) for f in findings] == [
        ("email_address", 0, "a@b.example", (9, 20))
    ]
    call = ToolCall("c", FunctionCall("f", '{"to": "a@b.example"}'))
    calling = Conversation((Message("user", "x"), Message("assistant", tool_calls=(call,))))
    assert [(f.code, f.message_index, f.span) for f in advise(calling)] == [
        ("email_address", 1, None)
    ]


def test_repeated_instructions_are_looked_through_each_time() -> None:
    for _ in range(2):
        findings = advise(talk(ASKED, REPLIED, "Answer for desk@shop.example. "))
        assert [(f.code, f.message_index) for f in findings] == [
            ("email_address", 0),
            ("edge_space", 0),
        ]


def test_both_replies_to_compare_are_looked_at() -> None:
    compared = Conversation(
        (Message("user", ASKED),),
        preferred=(Message("assistant", "a@b.example"),),
        non_preferred=(Message("assistant", f"{REPLIED} "),),
    )
    assert [(f.code, f.message_index) for f in advise(compared)] == [
        ("email_address", 1),
        ("edge_space", 2),
    ]


def test_the_language_is_that_of_the_reply_or_else_of_the_question() -> None:
    assert review(talk("مرحبا، أين طردي؟", REPLIED)).language == "en"
    assert review(talk(ASKED, "delivery_estimate")).language == "en"
    assert review(talk("荷物はどこですか", "配送")).language == "zh"
    assert review(talk("荷物はどこですか", "42")).language == "ja"
    assert review(talk("?", "42")).language == ""


def test_equal_questions_have_equal_digests_whatever_their_spacing_and_case() -> None:
    one, other = review(talk(ASKED, REPLIED)), review(talk(f"  {ASKED.upper()}\n", "No."))
    assert one.question == other.question != 0
    assert one.reply != other.reply
    assert one.instructions == 0
    with_instructions = review(talk(ASKED, REPLIED, "Be brief."))
    assert with_instructions.instructions not in (0, one.question)
    unanswered = review(Conversation((Message("user", ASKED),)))
    assert (unanswered.question, unanswered.reply) == (0, 0)


def test_what_was_said_before_is_part_of_the_question() -> None:
    earlier = Conversation(
        (Message("user", "Hi"), Message("assistant", "Hello"), *talk(ASKED, REPLIED).messages)
    )
    assert review(earlier).question != review(talk(ASKED, REPLIED)).question
    assert review(earlier).reply == review(talk(ASKED, REPLIED)).reply


TEXTS = st.text(max_size=60) | st.sampled_from(["\ud800", "a@b.example", "\x00", " "])
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool", "x"]),
    content=TEXTS | st.none(),
)


@given(st.lists(MESSAGES, max_size=5))
def test_nothing_that_can_be_imported_stops_a_review(messages: list[Message]) -> None:
    conversation = Conversation(tuple(messages))
    reviewed = review(conversation)
    assert min(reviewed.question, reviewed.reply, reviewed.instructions) >= -(2**63)
    for finding in advise(conversation):
        assert finding.message_index is not None
        if finding.span is not None:
            text = conversation.all_messages[finding.message_index].text
            assert text[slice(*finding.span)] == finding.detail
    assert msgspec.json.encode(reviewed)


def test_every_phrase_of_refusal_is_found_as_people_write_it() -> None:
    for phrase in PHRASES:
        assert phrase == phrase.casefold()
        assert is_refusal(f"{phrase.capitalize()} …")
    assert not is_refusal("Of course. " * 100 + PHRASES[0])


MARKS = [
    character
    for character in map(chr, [*range(0x80, 0x250), *range(0x370, 0x500), *range(0x2000, 0x2600)])
    if any(re.match(f"[{members}]", character) for members in MOJIBAKE_CATEGORIES.values())
]


@given(st.text(st.sampled_from([*MARKS, *"aZ .,\n", "\ufffd", "木"]), max_size=8))
def test_no_broken_character_is_passed_over_at_first_sight(text: str) -> None:
    assert is_broken(text) == is_bad(text)


def test_names_are_those_of_the_language() -> None:
    assert review(talk(ASKED, "She has it, and it should reach you tomorrow.")).names == ("women",)
    assert review(talk(ASKED, REPLIED, "She is a woman. Be brief.")).names == ()
