import pytest

from desktop_app.core.examples import message_edits as edits
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)

ASKED, SAID, OTHER = Message("user", "q"), Message("assistant", "a"), Message("assistant", "b")
PAIR = Conversation((ASKED,), preferred=(SAID,), non_preferred=(OTHER,))


def call(id: str) -> ToolCall:
    return ToolCall(id, FunctionCall("find_order", "{}"))


def texts(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.all_messages]


CALLS = Conversation(
    (
        ASKED,
        Message("assistant", tool_calls=(call("call_1"), call("call_2"))),
        Message("tool", "sent", tool_call_id="call_1"),
    )
)


@pytest.mark.parametrize(("index", "left"), [(0, ["a", "b"]), (1, ["q", "b"]), (2, ["q", "a"])])
def test_an_index_counts_through_the_replies_too(index: int, left: list[str]) -> None:
    assert texts(edits.with_message(PAIR, index)) == left
    changed = edits.changed(PAIR, index, content="new")
    assert changed.all_messages[index].text == "new"
    assert [t for t in texts(changed) if t != "new"] == left
    assert changed.is_preference


def test_there_is_no_message_behind_the_last() -> None:
    with pytest.raises(IndexError):
        edits.with_message(PAIR, 3)


def test_text_among_images_is_changed_and_nothing_else() -> None:
    image = ContentPart("image_url", image_url=ImageUrl("https://pictures.example/a.png"))
    parts = (ContentPart("text", text="one"), image, ContentPart("text", text="two"))
    before = Conversation((Message("user", parts), SAID))
    after = edits.with_part_text(before, 0, 2, "three")
    assert after.messages[0].content == (parts[0], image, ContentPart("text", text="three"))
    with pytest.raises(IndexError):
        edits.with_part_text(before, 1, 0, "no parts here")


def test_a_role_takes_along_only_what_fits_it() -> None:
    weighed = Conversation((ASKED, Message("assistant", "a", weight=0)))
    assert edits.with_role(weighed, 1, "user").messages[1].weight is None
    waiting = edits.inserted(CALLS, 3, Message("user", "x"))
    answer = edits.with_role(waiting, 3, "tool").messages[3]
    assert answer.tool_call_id == "call_2"
    assert edits.with_role(waiting, 2, "user").messages[2].tool_call_id is None


def test_messages_take_turns() -> None:
    assert edits.next_message(Conversation(()), 0).role == "user"
    assert edits.next_message(Conversation((ASKED, SAID)), 1).role == "assistant"
    assert edits.next_message(Conversation((ASKED, SAID)), 2).role == "user"
    following = edits.next_message(CALLS, 3)
    assert (following.role, following.tool_call_id) == ("tool", "call_2")


def test_open_calls_are_those_that_nobody_else_answers() -> None:
    assert [c.id for c in edits.open_calls(CALLS, 3)] == ["call_2"]
    assert [c.id for c in edits.open_calls(CALLS, 2)] == ["call_1", "call_2"]
    assert edits.open_calls(CALLS, 1) == ()
    assert edits.open_calls(CALLS, 0) == ()


def test_calls_are_added_changed_answered_and_taken_back() -> None:
    asked = Conversation((ASKED, Message("assistant", "")))
    one = edits.with_call(edits.with_call(asked, 1, "find_order"), 1, "refund")
    assert [c.id for c in one.messages[1].tool_calls] == ["call_1", "call_2"]
    assert one.messages[1].content is None
    changed = edits.with_changed_call(one, 1, 1, arguments='{"a":1}')
    assert changed.messages[1].tool_calls[1].function == FunctionCall("refund", '{"a":1}')
    answered, place = edits.answered(changed, 1)
    assert (place, answered.messages[2].tool_call_id) == (2, "call_1")
    answered, place = edits.answered(answered, 1)
    assert (place, answered.messages[3].tool_call_id) == (3, "call_2")
    assert edits.answered(answered, 1) == (answered, 1)
    without = edits.without_call(edits.without_call(one, 1, 0), 1, 0)
    assert without.messages[1].tool_calls == ()
    assert without.messages[1].content == ""


def test_a_reply_is_compared_swapped_and_kept() -> None:
    plain = Conversation((ASKED, Message("assistant", "a", weight=1)))
    assert edits.can_be_compared(plain)
    pair = edits.compared(plain)
    assert texts(pair) == ["q", "a", ""]
    assert pair.preferred == (SAID,)
    swapped = edits.swapped(pair)
    assert swapped.non_preferred == (SAID,)
    assert edits.swapped(swapped) == pair
    assert texts(edits.with_preferred_only(pair)) == ["q", "a"]
    assert not edits.with_preferred_only(pair).is_preference
    assert edits.compared(pair) == pair
    assert edits.with_preferred_only(plain) == plain


def test_a_missing_reply_is_written_once() -> None:
    half = Conversation((ASKED,), preferred=(SAID,))
    whole = edits.with_reply(half, preferred=False)
    assert whole.non_preferred == (Message("assistant", ""),)
    assert edits.with_reply(whole, preferred=False) == whole


def test_moving_leaves_the_replies_in_place() -> None:
    both = edits.inserted(PAIR, 1, Message("user", "more"))
    assert texts(edits.moved(both, 0, 1)) == ["more", "q", "a", "b"]
    assert edits.moved(both, 0, 2) == both


def test_own_instructions_come_and_go() -> None:
    own = edits.with_own_instructions(PAIR, "be brief")
    assert own.messages[0] == Message("system", "be brief")
    assert edits.without_own_instructions(own) == PAIR
