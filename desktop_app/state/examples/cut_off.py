"""Where the conversation that is shown is cut off, if it is longer than the model reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.core.examples.advice.length import cut_of
from desktop_app.core.examples.checks import ADVICE, Finding
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.state.examples.chosen_rules import LengthLimit

CUT_OFF = "cut_off"
TOKENS_AROUND = 12
"""Of a message, beside its words, at most."""


@dataclass(frozen=True)
class CutOff:
    """A conversation with what is put before it in training, and how much of that is read."""

    conversation: Conversation
    trained: Conversation
    limit: LengthLimit
    counter: TokenCounter

    def findings(self) -> list[Finding]:
        """Return the finding at the message that is cut, or none. Takes as long as counting."""
        encoding = self.limit.encoding
        bare = msgspec.structs.replace(
            self.trained, messages=(), preferred=None, non_preferred=None
        )
        cut = cut_of(
            self.trained,
            self.limit.tokens,
            lambda message: self.counter.count_message(message, encoding),
            self.counter.count(bare, encoding),
        )
        if cut is None:
            return []
        before = len(self.trained.messages) - len(self.conversation.messages)
        index = max(0, cut.message_index - before)
        return [Finding(CUT_OFF, ADVICE, index, f"{cut.share:.0%}")]


def may_be_cut_off(
    conversation: Conversation,
    shared: SharedInstructions,
    tags: Sequence[str],
    limit: LengthLimit,
    counter: TokenCounter,
) -> CutOff | None:
    """Return what finds the cut; None where it is plain that there is none."""
    trained = shared.applied(conversation, tags)
    # A token is a byte at least.
    n_bytes = sum(len(m.text.encode(errors="replace")) for m in trained.all_messages)
    most = n_bytes + len(trained.tools) + TOKENS_AROUND * (len(trained.all_messages) + 1)
    calls = sum(len(c.function.arguments) for m in trained.all_messages for c in m.tool_calls)
    if most + calls <= limit.tokens:
        return None
    return CutOff(conversation, trained, limit, counter)
