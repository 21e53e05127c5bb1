"""What one service refuses for one method, and what only some of them do.

Sources: SPEC `FineTuneChatRequestInput` and `FineTunePreferenceRequestInput` (OpenAI API,
2025-07-04), the vision and preference guides, Microsoft's documents of 2026-03-05, and messages
of rejected jobs as users published them.
"""

from dataclasses import dataclass
from enum import IntFlag

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message

SUPERVISED, DPO = "supervised", "dpo"
METHODS = (SUPERVISED, DPO)
SERVICES = ("openai", "foundry", "nebius", "local", "other")

MIN_EXAMPLES = 10
"""Fewer training examples are refused with `invalid_n_examples`."""

MOST_IMAGES = 10
"""In one example (vision guide); Foundry takes more."""

MOST_IMAGES_FOUNDRY = 64
MEGABYTE = 1024 * 1024


class Trait(IntFlag):
    """What only some services or methods refuse. Stored with a conversation: never renumber.

    SAME_ROLE_TWICE: two messages in a row of the user, or of the assistant. PREFERENCE: there are
    two replies to compare. SUPERVISED: there are not. MANY_IMAGES: more than 10.
    """

    SAME_ROLE_TWICE = 1
    IMAGES = 2
    PREFERENCE = 4
    SUPERVISED = 8
    LAST_NOT_ASSISTANT = 16
    MANY_IMAGES = 32


NO_TRAITS = Trait(0)
_TAKING_TURNS = (USER, ASSISTANT)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one service refuses for one method, beside what all do.

    `file_limit` and `file_advice` are bytes: above the first a file is refused, above the second
    failures are reported. `byte_order_mark`: its documents ask for one, so an export offers it.
    """

    service: str
    method: str
    refused: Trait
    file_limit: int
    file_advice: int
    least_examples: int = MIN_EXAMPLES
    byte_order_mark: bool = False
    most_images: int = MOST_IMAGES


def rules_for(service: str, method: str = SUPERVISED) -> Rules:
    """Return the rules of a service; one that is not known is taken to refuse what OpenAI does."""
    refused = Trait.PREFERENCE if method == SUPERVISED else Trait.SUPERVISED | Trait.IMAGES
    limit = advice = 512 * MEGABYTE
    most_images = MOST_IMAGES
    match service:
        case "foundry":
            refused |= Trait.SAME_ROLE_TWICE | Trait.LAST_NOT_ASSISTANT
            advice, most_images = 150 * MEGABYTE, MOST_IMAGES_FOUNDRY
        case "nebius":
            refused |= Trait.MANY_IMAGES
            limit = advice = 5_000_000_000
        case "local":
            refused |= Trait.IMAGES
        case _:
            refused |= Trait.MANY_IMAGES
    return Rules(
        service=service if service in SERVICES else "other",
        method=method,
        refused=refused,
        file_limit=limit,
        file_advice=advice,
        byte_order_mark=service == "foundry",
        most_images=most_images,
    )


DEFAULT_RULES = rules_for("openai")

EVERYWHERE = Rules(
    service="other",
    method=SUPERVISED,
    refused=NO_TRAITS,
    file_limit=5_000_000_000,
    file_advice=5_000_000_000,
    most_images=MOST_IMAGES_FOUNDRY,
)
"""What blocks under these blocks under all others too."""


def traits_of(conversation: Conversation) -> Trait:
    """Return what some service may refuse of an example. Runs at every write and import."""
    # Plain numbers: joining flags costs a hundred times as much.
    traits = 0
    before = ""
    images = 0
    for message in conversation.messages:
        role = message.role
        if message.content.__class__ is tuple:
            images += n_images(message)
        if role == before and role in _TAKING_TURNS:
            traits |= _SAME_ROLE_TWICE
        before = role
    if conversation.is_preference:
        traits |= _PREFERENCE
        images += sum(map(n_images, conversation.all_messages[len(conversation.messages) :]))
    else:
        traits |= _SUPERVISED if before == ASSISTANT else _SUPERVISED | _LAST_NOT_ASSISTANT
    if images:
        traits |= _IMAGES if images <= MOST_IMAGES else _IMAGES | _MANY_IMAGES
    return _BY_NUMBER[traits]


def n_images(message: Message) -> int:
    """Return how many images a message has."""
    if not isinstance(message.content, tuple):
        return 0
    return sum(part.image_url is not None for part in message.content)


_SAME_ROLE_TWICE, _IMAGES, _PREFERENCE, _SUPERVISED, _LAST_NOT_ASSISTANT, _MANY_IMAGES = (
    int(trait) for trait in Trait
)
_BY_NUMBER = [Trait(number) for number in range(2 * _MANY_IMAGES)]
