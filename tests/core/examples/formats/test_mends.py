import json

import pytest

from desktop_app.core.examples.imported import Imported
from tests.core.examples.formats.reading import GOOD, RECORD, only_rejected, read, said

COMPACT = json.dumps(RECORD, separators=(",", ":"))
WHOLE = said(read(GOOD)[0])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{GOOD},", "trailing_comma"),
        (GOOD.replace("]}", ",]}"), "trailing_comma"),
        (GOOD.replace("]}", "],}"), "trailing_comma"),
        (GOOD.replace("}]", ", }]"), "trailing_comma"),
        (repr(RECORD), "python_quotes"),
        (repr(RECORD | {"parallel_tool_calls": True, "tools": None}), "python_quotes"),
        (GOOD[:-1], "missing_bracket"),
        (GOOD[:-2], "missing_bracket"),
        (COMPACT.replace("}]}", "}}"), "missing_bracket"),
        (f"{GOOD[:-1]},", "trailing_comma"),
        (f"{GOOD}}}", "extra_bracket"),
        (f"{GOOD}]", "extra_bracket"),
        (f"\ufeff{GOOD}", "byte_order_mark"),
        (GOOD.replace(": ", ":\ufeff "), "byte_order_mark"),
        (GOOD.replace('"', "”"), "smart_quotes"),
        (GOOD.replace('"user"', "“user”"), "smart_quotes"),
        (GOOD.replace("user", "human"), "unknown_role"),
        (GOOD.replace("assistant", "AI"), "unknown_role"),
        (GOOD.replace("assistant", "bot"), "unknown_role"),
        (GOOD.replace("assistant", "Assistant "), "unknown_role"),
        (GOOD.replace("messages", "Messages").replace("role", "ROLE"), "unknown_keys"),
        (GOOD.replace("content", "Content"), ""),
        (json.dumps({"messages": json.dumps(RECORD["messages"])}), "no_messages_list"),
        (json.dumps(RECORD["messages"]), "not_an_object"),
    ],
)
def test_an_evident_slip_is_named_and_mended(line: str, reason: str) -> None:
    items = read(f"{GOOD}\n{line}\n{GOOD}")
    assert len(items) == 3
    if not reason:
        # A key that a message does not know is told by the checks.
        assert isinstance(items[1], Imported)
        return
    rejected = only_rejected(items)
    assert (rejected.number, rejected.reason) == (2, reason)
    assert said(rejected.mended) == WHOLE
    assert rejected.mended is not None
    assert rejected.mended.number == 2
    assert rejected.detail.endswith(".")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("5", "5"), ("1.5", "1.5"), ("true", "true"),
        ('"a\tb"', "a\tb"), (r'"it\'s"', "it's"), (r"'say \"hi\" \u00e9\n'", 'say "hi" é\n'),
        ("“say \"hi\"”", 'say "hi"'), (r"'\x41\101\U0001f4e6\N'", "AA📦\\N"),
    ],
)  # fmt: skip
def test_what_stands_where_a_text_should(content: str, text: str) -> None:
    line = f'{{"messages":[{{"role":"user","content":{content}}}]}}'
    assert said(only_rejected(read(f"{GOOD}\n{line}")).mended) == [("user", text)]


@pytest.mark.parametrize(
    "line",
    [
        GOOD[: len(GOOD) // 2],
        GOOD.replace('"role": "user", ', ""),
        GOOD.replace(", ", ",, "),
        GOOD.replace("parcel?", 'pa"rcel?'),
        GOOD.replace("parcel", "par\0cel"),
        GOOD.replace('"messages"', "messages"),
        '{"messages": "hello"}',
        "[1, 2]",
        "nothing of the kind",
        "{'messages': [{'role': 'user', 'content': '\\ud800'}]}",
    ],
)
def test_nothing_is_guessed(line: str) -> None:
    assert only_rejected(read(f"{GOOD}\n{line}")).mended is None


def test_developer_and_roles_that_nobody_knows_are_left_to_the_checks() -> None:
    for role in ("developer", "critic", "function"):
        assert said(read(GOOD.replace("user", role))[0])[0][0] == role


def test_other_formats_are_mended_too() -> None:
    first, second = read("{'prompt': 'a', 'completion': None}\n{'prompt': 'a', 'completion': 'b',}")
    assert isinstance(first, type(second))
    assert said(getattr(second, "mended", None)) == [("user", "a"), ("assistant", "b")]
