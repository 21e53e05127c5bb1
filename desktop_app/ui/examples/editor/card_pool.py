"""Cards that go from one message to the next: only those of changed messages are filled anew."""

from collections.abc import Callable, Sequence

from desktop_app.core.examples.conversation import TOOL, Message
from desktop_app.ui.examples.message_card import MessageCard


class CardPool:
    """`cards` are those in use, in the order of their messages."""

    def __init__(self, make: Callable[[], MessageCard]) -> None:
        self._make = make
        self._spare: list[MessageCard] = []
        self.cards: list[MessageCard] = []

    def show(
        self,
        messages: Sequence[Message],
        fill: Callable[[MessageCard, int], None],
        first: int = 0,
    ) -> None:
        """Give each message a card: the one it has, or that of its place, or another.

        `fill` is called with a card and the message's index, which begins at `first`.
        """
        held: dict[int, list[MessageCard]] = {}
        for card in reversed(self.cards):
            held.setdefault(id(card.message), []).append(card)
        own = [cards.pop() if (cards := held.get(id(m))) else None for m in messages]
        kept = {id(card) for card in own}
        free = {card.index: card for card in self.cards if id(card) not in kept}
        waited_for = {index for index, mine in enumerate(own, first) if mine is None}
        self._spare += [free.pop(index) for index in list(free) if index not in waited_for]
        for card in self._spare:
            card.hide()
            card.message = None
        self.cards = []
        for index, (message, mine) in enumerate(zip(messages, own, strict=True), first):
            card = mine or free.get(index) or self._other()
            if mine is None or message.tool_calls or message.role == TOOL:
                # What calls and their answers show depends on the tools and on other messages.
                fill(card, index)
            elif card.index != index:
                card.show_index(index)
            self.cards.append(card)

    def _other(self) -> MessageCard:
        return self._spare.pop() if self._spare else self._make()
