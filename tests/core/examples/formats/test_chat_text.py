import dataclasses

import pytest

from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Detected, Format, Speaker
from desktop_app.core.examples.imported import Rejected
from tests.core.examples.formats.reading import read, said

PLAIN = "Buyer: Where is my parcel?\nIt was due.\nShop: Sorry.\n\nNote: two days.\nBuyer: Thanks\n"
MESSAGES = [
    ("user", "Where is my parcel?\nIt was due."),
    ("assistant", "Sorry.\n\nNote: two days."),
    ("user", "Thanks"),
]


def timed(buyer: str, shop: str) -> str:
    return PLAIN.replace("Buyer:", buyer).replace("Shop:", shop)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        timed("[12/03/26, 10:15] Buyer:", "[12/03/26, 10:16:09] Shop:"),
        timed("10:15 - Buyer:", "10:16 – Shop:"),
        timed("12.03.2026, 10:15 - Buyer:", "\u200e3/12/26, 9:16 PM - Shop:"),
        timed("Buyer (10:15):", "Shop [10:16]:"),
        PLAIN.replace("Buyer: ", "Buyer：").replace("Shop: ", "Shop："),
        timed("Buyer:\n", "Shop:\n"),
    ],
)
def test_a_pasted_chat(text: str) -> None:
    found = detect(text.encode())
    assert found.format is Format.CHAT_TEXT
    assert found.speakers == (Speaker("Buyer", "user", 2), Speaker("Shop", "assistant", 1))
    (item,) = read(text)
    assert said(item) == MESSAGES
    assert item.number == 1


def test_roles_go_by_names_that_are_roles() -> None:
    text = "Support: Hello\nCustomer: Hi\nSupport: How can we help?"
    assert [s.role for s in detect(text.encode()).speakers] == ["assistant", "user"]
    assert [role for role, _ in said(read(text)[0])] == ["assistant", "user", "assistant"]


def test_any_script() -> None:
    assert said(read("عميل: أين طردي؟\nدعم: في الطريق\nعميل: شكرا")[0])[1] == (
        "assistant",
        "في الطريق",
    )
    assert said(read("店員：こんにちは\n客：荷物は？\n店員：こちら")[0])[0] == (
        "user",
        "こんにちは",
    )


def test_the_user_says_who_is_who_and_who_is_left_out() -> None:
    data = b"Shop: Hello\nBuyer: Hi\nRobot: Beep\nBuyer: Bye\nShop: Bye\nRobot: Beep"
    speakers = (Speaker("Shop", "assistant"), Speaker("Buyer", "user"), Speaker("Robot", ""))
    (item,) = read(data, dataclasses.replace(detect(data), speakers=speakers))
    assert said(item) == [
        ("assistant", "Hello"),
        ("user", "Hi"),
        ("user", "Bye"),
        ("assistant", "Bye"),
    ]


def test_a_rule_parts_conversations() -> None:
    items = read("Buyer: a\nShop: b\n\n---\n\nBuyer: c\nShop: d\n=====\n")
    assert [(item.number, said(item)) for item in items] == [
        (1, [("user", "a"), ("assistant", "b")]),
        (6, [("user", "c"), ("assistant", "d")]),
    ]


def test_what_nobody_says_is_rejected_not_dropped() -> None:
    first, second, third, last = read(
        b"10:14 - Messages are encrypted\n10:15 - Buyer: Hi\n\xff\xfe\n10:16 - Shop: Hello\n"
        b"10:17 - Buyer left\n10:18 - Buyer: Bye",
        Detected(Format.CHAT_TEXT),
    )
    stray = [item for item in (first, second, third) if isinstance(item, Rejected)]
    assert [(r.number, r.reason, r.text) for r in stray] == [
        (1, "no_speaker", "10:14 - Messages are encrypted"),
        (3, "not_utf8", "\ufffd\ufffd"),
        (5, "no_speaker", "10:17 - Buyer left"),
    ]
    assert [text for _, text in said(last)] == ["Hi", "Hello", "Bye"]


@pytest.mark.parametrize(
    "text",
    ["Just a text.\nAnd more of it.", "See https://example.com/a\nor http://example.com/b", ""],
)
def test_what_is_no_chat(text: str) -> None:
    assert detect(text.encode()).format is Format.UNKNOWN


def test_speech_with_commas_is_no_table() -> None:
    text = "User: Hello, you\nAssistant: Hello, too\nUser: Well, bye\n"
    assert detect(text.encode()).format is Format.CHAT_TEXT
