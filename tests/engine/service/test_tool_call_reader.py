"""Tool calls found in what a model says."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.engine.api.tool_calls import Said, ToolCall, ToolCallReader

CALL = '<tool_call>\n{"name": "look", "arguments": {"at": "é"}}\n</tool_call>'


def read(text: str, names: tuple[str, ...] = ("look", "sum"), cuts: tuple[int, ...] = ()) -> str:
    """Return a reply with its calls as name(arguments), read in parts cut at these places."""
    reader = ToolCallReader(names)
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    said: list[Said] = []
    for start, end in pairwise(places):
        said += reader.add(text[start:end])
    said += reader.finish()
    assert reader.calls == sum(isinstance(part, ToolCall) for part in said)
    return "".join(
        f"[{part.name}({part.arguments})]" if isinstance(part, ToolCall) else part for part in said
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CALL, '[look({"at": "é"})]'),
        (f"Let me see.\n\n{CALL}", 'Let me see.[look({"at": "é"})]'),
        (f"{CALL}\n{CALL}\n", '[look({"at": "é"})][look({"at": "é"})]'),
        (CALL.removesuffix("\n</tool_call>"), '[look({"at": "é"})]'),
        ('{"name": "sum", "parameters": {"a": 1}}', '[sum({"a": 1})]'),
        ('[{"name": "sum", "arguments": "{\\"a\\": 1}"}]', '[sum({"a": 1})]'),
        (
            '{"name": "sum", "arguments": {"a": "\\ud83d\\ude00 \\ud83d"}}',
            '[sum({"a": "\U0001f600 \ufffd"})]',
        ),
        ("No call at all. ", "No call at all. "),
        (" ", " "),
        ("", ""),
    ],
)
def test_calls_are_found(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>\nnot JSON\n</tool_call>",
        '<tool_call>{"name": "other", "arguments": {}}</tool_call> so',
        '<tool_call>{"name": "look", "arguments": 5}</tool_call>',
        '<tool_call>{"name": "look", "arguments": "{"}</tool_call>',
        '<tool_call>["look"]</tool_call>',
        "<tool_call>" + "[" * 100_000,
        '[{"name": "sum", "arguments": {}}, {"name": "other", "arguments": {}}]',
        '{"answer": 7}',
        '{"name": "sum", "arguments": {"a": NaN}}',
        '{"name": ["look"], "arguments": {}}',
        "{not JSON",
        "a < b and <tool",
        "<tool_call>",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    assert read(text) == text


def test_without_tools_all_is_text() -> None:
    assert read(CALL, ()) == CALL


@given(
    st.lists(st.sampled_from([CALL, "text ", "<tool", "_call>", "{", "\n", "</tool_call>", " é"])),
    st.lists(st.integers(0, 300), max_size=6),
)
def test_it_does_not_matter_how_the_reply_comes_in_parts(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    assert read(text, cuts=tuple(cuts)) == read(text)


def test_text_comes_as_soon_as_it_is_certain() -> None:
    reader = ToolCallReader(["look"])
    assert reader.add("One, two") == ["One, two"]
    assert reader.add(" three <too") == [" three"]
    assert reader.add("l> four") == [" <tool> four"]


def test_a_call_has_an_id_and_json_for_arguments() -> None:
    reader = ToolCallReader(["look"])
    (call,) = reader.add(CALL)
    assert isinstance(call, ToolCall)
    assert call.id.startswith("call_")
    assert call.body()["type"] == "function"
    assert json.loads(call.arguments) == {"at": "é"}
