from collections.abc import Iterable

import pytest

from desktop_app.core.examples.conversation import (
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)
from desktop_app.state.evaluation.test_set import TestSet, as_case, gather

ASKED, ANSWERED = Message("user", "Where is it?"), Message("assistant", "On its way.")
CALL = Message("assistant", tool_calls=(ToolCall("c", FunctionCall("look", "{}")),))


def gathered(conversations: Iterable[Conversation]) -> TestSet:
    return gather(enumerate(conversations), lambda: False)


@pytest.mark.parametrize(
    ("messages", "wanted", "before"),
    [
        ((ASKED, ANSWERED), ANSWERED, 1),
        ((Message("system", "s"), ASKED, ANSWERED, Message("user", "Thanks")), ANSWERED, 2),
        # What is not learned from is context.
        ((ASKED, ANSWERED, ASKED, Message("assistant", "x", weight=0)), ANSWERED, 1),
        ((ASKED, ANSWERED, CALL, Message("tool", "{}", tool_call_id="c")), ANSWERED, 1),
        ((ASKED, ANSWERED, ASKED, Message("assistant", " ")), ANSWERED, 1),
    ],
)
def test_the_last_reply_to_learn_from_is_wanted(
    messages: tuple[Message, ...], wanted: Message, before: int
) -> None:
    made = as_case(7, Conversation(messages))
    assert made is not None
    assert (made.wanted, made.context) == (wanted, messages[:before])
    assert (made.case.id, made.case.wanted, made.case.asked) == (7, wanted.text, "Where is it?")


@pytest.mark.parametrize("messages", [(), (ASKED,), (ANSWERED,), (ASKED, CALL)])
def test_what_has_no_reply_is_skipped(messages: tuple[Message, ...]) -> None:
    assert as_case(1, Conversation(messages)) is None
    assert gathered([Conversation(messages)]) == TestSet((), skipped=1)


def test_doubles_count_once_and_order_does_not_matter() -> None:
    one = Conversation((ASKED, ANSWERED))
    other = Conversation((Message("user", "And?"), ANSWERED))
    assert len(gathered([one, other, one]).cases) == 2
    assert gathered([one, other]).fingerprint == gathered([other, one]).fingerprint
    assert gathered([one]).fingerprint != gathered([other]).fingerprint


def test_it_stops_when_told() -> None:
    assert gather([(1, Conversation((ASKED, ANSWERED)))], lambda: True) == TestSet()
