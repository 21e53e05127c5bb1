"""What of an example a model would not read: training cuts the end off (supervised guide)."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop_app.core.examples.conversation import Conversation, Message


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an example that is too long ends.

    Of the message `message_index` only the first `share` (0 to 1) is read, of later ones nothing.
    """

    message_index: int
    share: float
    tokens: int
    limit: int


def cut_of(
    conversation: Conversation, limit: int, count_message: Callable[[Message], int], overhead: int
) -> Cut | None:
    """Return what would be cut, None if the example fits.

    `count_message` counts the tokens of one message, `overhead` are those beside the messages
    (tools and the start of the reply). Each reply of a preference example is read on its own.
    """
    used = overhead
    first_cut: tuple[int, float] | None = None
    for index, message in enumerate(conversation.messages):
        tokens = count_message(message)
        if first_cut is None and used + tokens > limit:
            first_cut = index, max(0.0, (limit - used) / tokens) if tokens else 0.0
        used += tokens
    longest = used
    start = len(conversation.messages)
    for replies in (conversation.preferred or (), conversation.non_preferred or ()):
        tokens = sum(map(count_message, replies))
        if first_cut is None and tokens and used + tokens > limit:
            first_cut = start, max(0.0, (limit - used) / tokens)
        start += len(replies)
        longest = max(longest, used + tokens)
    return Cut(*first_cut, longest, limit) if first_cut else None
