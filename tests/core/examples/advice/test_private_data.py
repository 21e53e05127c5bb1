import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.advice.found import Found, without_overlap
from desktop_app.core.examples.advice.mask import (
    MASKED,
    PLACEHOLDERS,
    masked,
    masked_text,
    may_be_private,
    private_parts,
)
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)

# Joined here, so that no scanner takes these for keys that somebody lost.
KEYS = [
    "sk-" + "proj-abcdefghijklmnop1234",
    "sk" + "_live_abcdefghijklmnop1234",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "ghp" + "_abcdefghijklmnopqrstuvwxyz0123456789",
    "github" + "_pat_" + "a1" * 25,
    "glpat" + "-abcdefghij1234567890",
    "hf" + "_abcdefghijklmnopqrstuvwxyzabcdefgh",
    "xoxb" + "-123456789012-abcdef",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIB\nabc\n-----END " + "RSA PRIVATE KEY-----",
    "-----BEGIN " + "PRIVATE KEY-----\nMIIB that ends with the text",
]


def found(text: str) -> list[tuple[str, str]]:
    return [(code, text[start:end]) for code, start, end in private_parts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to desk@shop.example, please.", [("email_address", "desk@shop.example")]),
        ("a.b+c_d@mail.shop.example!", [("email_address", "a.b+c_d@mail.shop.example")]),
        ("büro@läden.example", [("email_address", "büro@läden.example")]),
        ("Call +44 20 7946 0018 today", [("phone_number", "+44 20 7946 0018")]),
        ("Tel. 030 90120-123", [("phone_number", "030 90120-123")]),
        ("(201) 555-0123", [("phone_number", "(201) 555-0123")]),
        ("0049 30 901820", [("phone_number", "0049 30 901820")]),
        ("card 4111 1111 1111 1111.", [("card_number", "4111 1111 1111 1111")]),
        ("card 378282246310005", [("card_number", "378282246310005")]),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine", [("iban", "DE89 3704 0044 0532 0130 00")]),
        ("gb82west12345698765432", [("iban", "gb82west12345698765432")]),
        ("My password: hunter22!", [("password", "hunter22!")]),
        ("Passwort ist: geheim123.", [("password", "geheim123")]),
        ("mot de passe = azerty1", [("password", "azerty1")]),
        ("パスワード：himitsu42", [("password", "himitsu42")]),
        ('{"api_key": "abcd1234"}', [("password", "abcd1234")]),
        (
            "Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345",
            [("secret_key", "abcdefghijklmnopqrstuvwxyz012345")],
        ),
        *((f"key {key}", [("secret_key", key)]) for key in KEYS),
    ],
)
def test_what_is_likely_private(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Order 4471 of 2024-05-12 10:30, 64.00 EUR",
        "Order 4471234567 is on its way",
        "It was due on 12.05.2024 14:30:00",
        "4111 1111 1111 1112",
        "Article 1234567890123456",
        "DE89 3704 0044 0532 0130 01",
        "1 000 000 000 parcels, 3.14159265358979",
        "I forgot my password: please help",
        "password: [password], password: ********",
        "Reset your password at the desk.",
        "@shop is our name, mail me at home",
        "risk-free, task-based, sk-short",
        "192.168.100.200:8080/index.html?x=12345678",
        "ISBN 978-3-16-148410-0",
        "It came on 08/2009/2009",
        "1646615806005 + 2566267206991 = 4212883012996",
        "boss@example.com, your_name@shop.example and me@yourdomain.com",
    ],
)
def test_what_is_ordinary(text: str) -> None:
    assert found(text) == []


def test_placeholders_are_stable_and_are_not_found_again() -> None:
    text = f"desk@shop.example, +44 20 7946 0018, 4111111111111111, {KEYS[0]}, password: abc123"
    once = masked_text(text)
    assert once == "[email], [phone], [card], [key], password: [password]"
    assert masked_text(once) == once
    assert masked_text(text, frozenset(("card_number",))).count("[") == 1
    assert PLACEHOLDERS.keys() == MASKED


@given(
    st.lists(st.sampled_from([*KEYS, "a@b.example", " ", ",", "\n", "4111111111111111", "0", "é"]))
)
def test_masking_leaves_nothing_to_mask(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for _ in range(3):
        text = masked_text(text)
    assert found(text) == []


def test_the_whole_conversation_is_masked_but_images_and_json() -> None:
    arguments = '{"to": ["a@b.example"], "n": 4111111111111111, "deep": {"x": "a@b.example"}}'
    kept = ToolCall("d", FunctionCall("g", '{"q":  1}'))
    broken = ToolCall("e", FunctionCall("g", '{"a@b.example'))
    calls = (ToolCall("c", FunctionCall("f", arguments)), kept, broken)
    image = ContentPart("image_url", image_url=ImageUrl("https://a@b.example/x.png"))
    conversation = Conversation(
        (Message("user", (ContentPart("text", "a@b.example"), image)),
         Message("assistant", tool_calls=calls)),
        preferred=(Message("assistant", "a@b.example"),),
    )  # fmt: skip
    after = masked(conversation)
    parts = after.messages[0].content
    assert isinstance(parts, tuple)
    assert parts == (ContentPart("text", "[email]"), image)
    assert json.loads(after.messages[1].tool_calls[0].function.arguments) == {
        "to": ["[email]"],
        "n": 4111111111111111,
        "deep": {"x": "[email]"},
    }
    assert after.messages[1].tool_calls[1:] == (kept, broken)
    assert after.preferred == (Message("assistant", "[email]"),)
    assert masked(conversation, frozenset()) == conversation


def test_of_what_overlaps_the_longest_counts() -> None:
    short, long, other = Found("phone_number", 2, 8), Found("iban", 0, 20), Found("x", 20, 22)
    assert without_overlap([short, other, long]) == [long, other]


@given(st.text("0123456789 @:=.-/aé٣", max_size=60))
def test_nothing_private_is_passed_over_at_first_sight(text: str) -> None:
    if private_parts(text):
        assert may_be_private(text)
