from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import (
    ASSISTANT,
    ROLES,
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.rules import (
    DEFAULT_RULES,
    EVERYWHERE,
    METHODS,
    SERVICES,
    Trait,
    rules_for,
    traits_of,
)

USER = Message("user", "Where is my parcel?")
REPLY = Message("assistant", "On its way.")
IMAGE = ContentPart("image_url", image_url=ImageUrl("https://shop.example/mug.png"))
CALLING = Message("assistant", tool_calls=(ToolCall("c", FunctionCall("f", "{}")),))


def with_images(n: int) -> Message:
    return Message("user", (ContentPart("text", "What is this?"), *[IMAGE] * n))


@pytest.mark.parametrize(
    ("messages", "traits"),
    [
        ((USER, REPLY), Trait.SUPERVISED),
        ((USER, USER, REPLY), Trait.SUPERVISED | Trait.SAME_ROLE_TWICE),
        ((USER, REPLY, REPLY), Trait.SUPERVISED | Trait.SAME_ROLE_TWICE),
        ((Message("system", "a"), Message("system", "b"), USER, REPLY), Trait.SUPERVISED),
        ((USER,), Trait.SUPERVISED | Trait.LAST_NOT_ASSISTANT),
        ((), Trait.SUPERVISED | Trait.LAST_NOT_ASSISTANT),
        ((with_images(10), REPLY), Trait.SUPERVISED | Trait.IMAGES),
        ((with_images(6), REPLY, with_images(4), REPLY), Trait.SUPERVISED | Trait.IMAGES),
        ((with_images(11), REPLY), Trait.SUPERVISED | Trait.IMAGES | Trait.MANY_IMAGES),
        ((USER, CALLING), Trait.SUPERVISED),
    ],
)
def test_traits_of_ordinary_examples(messages: tuple[Message, ...], traits: Trait) -> None:
    assert traits_of(Conversation(messages)) == traits


def test_the_replies_of_a_preference_example_follow_no_order() -> None:
    compared = Conversation((USER,), preferred=(REPLY,), non_preferred=(REPLY,))
    assert traits_of(compared) == Trait.PREFERENCE
    shown = msgspec.structs.replace(compared, non_preferred=(with_images(1),))
    assert traits_of(shown) == Trait.PREFERENCE | Trait.IMAGES


@given(st.lists(st.sampled_from(ROLES), min_size=1, max_size=6))
def test_traits_say_what_the_messages_are(roles: list[str]) -> None:
    traits = traits_of(Conversation(tuple(Message(role, "x") for role in roles)))
    pairs = set(pairwise(roles))
    twice = bool(pairs & {("user", "user"), (ASSISTANT, ASSISTANT)})
    assert (Trait.SAME_ROLE_TWICE in traits) == twice
    assert (Trait.LAST_NOT_ASSISTANT in traits) == (roles[-1] != ASSISTANT)


def test_the_numbers_that_projects_keep() -> None:
    assert [(trait.name, trait.value) for trait in Trait] == [
        ("SAME_ROLE_TWICE", 1),
        ("IMAGES", 2),
        ("PREFERENCE", 4),
        ("SUPERVISED", 8),
        ("LAST_NOT_ASSISTANT", 16),
        ("MANY_IMAGES", 32),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_each_method_takes_its_own_kind_of_example(service: str) -> None:
    assert Trait.PREFERENCE in rules_for(service, "supervised").refused
    assert Trait.SUPERVISED not in rules_for(service, "supervised").refused
    dpo = rules_for(service, "dpo").refused
    assert Trait.SUPERVISED | Trait.IMAGES in dpo
    assert Trait.PREFERENCE not in dpo


def test_what_sets_the_services_apart() -> None:
    assert DEFAULT_RULES.refused == Trait.PREFERENCE | Trait.MANY_IMAGES
    foundry = rules_for("foundry")
    assert Trait.SAME_ROLE_TWICE | Trait.LAST_NOT_ASSISTANT in foundry.refused
    assert foundry.byte_order_mark
    assert foundry.file_advice < foundry.file_limit == DEFAULT_RULES.file_limit
    assert rules_for("nebius").file_limit > DEFAULT_RULES.file_limit
    assert Trait.IMAGES in rules_for("local").refused
    assert replace(rules_for("other"), service="openai") == DEFAULT_RULES
    assert rules_for("somebody") == rules_for("other")


def test_nothing_is_refused_everywhere_that_some_rules_take() -> None:
    everything = [rules_for(service, method) for service in SERVICES for method in METHODS]
    assert EVERYWHERE.refused == Trait(0)
    assert all(rules.least_examples == EVERYWHERE.least_examples for rules in everything)
