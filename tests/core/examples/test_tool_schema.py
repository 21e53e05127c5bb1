import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.tool_edits import (
    Parameter,
    list_text,
    new_tool,
    parameters,
    with_changes,
)
from desktop_app.core.examples.tool_schema import (
    Field,
    Kind,
    MisfitError,
    ToolsError,
    parse_tool,
    parse_tools,
    read_arguments,
    with_argument,
)

SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "description": "As on the receipt", "pattern": "[0-9]+"},
        "status": {"type": "string", "enum": ["open", "sent"]},
        "limit": {"type": "integer"},
        "weight": {"type": "number"},
        "all": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        "other": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "required": ["number"],
    "additionalProperties": False,
}
FUNCTION = {"name": "find_order", "description": "Look it up", "parameters": SCHEMA, "strict": True}
TOOL_TEXT = json.dumps({"type": "function", "function": FUNCTION})
TOOL = parse_tool(TOOL_TEXT)


def test_a_schema_becomes_fields() -> None:
    assert (TOOL.name, TOOL.description, TOOL.text) == ("find_order", "Look it up", TOOL_TEXT)
    kinds = {field.name: field.kind for field in TOOL.fields}
    assert kinds == {
        "number": Kind.STRING, "status": Kind.CHOICE, "limit": Kind.INTEGER,
        "weight": Kind.NUMBER, "all": Kind.BOOLEAN, "tags": Kind.LIST, "address": Kind.OBJECT,
        "other": Kind.ANY,
    }  # fmt: skip
    assert [field.name for field in TOOL.fields if field.required] == ["number"]
    assert TOOL.fields[6].fields == (Field("city", Kind.STRING),)


@pytest.mark.parametrize(
    ("text", "reason", "number"),
    [
        ("[", "not_json", 0),
        ("{}", "not_a_list", 0),
        ("[1]", "not_an_object", 1),
        ('[{"name":"a"},{}]', "no_name", 2),
        ('[{"function":[]}]', "no_name", 1),
        ("[" + '{"a":' * 200 + "1" + "}" * 200 + "]", "too_deep", 1),
        ("[" * 100_000, "not_json", 0),
    ],
)
def test_what_is_no_list_of_tools_is_told(text: str, reason: str, number: int) -> None:
    with pytest.raises(ToolsError) as caught:
        parse_tools(text)
    assert (caught.value.reason, caught.value.number) == (reason, number)


def test_tools_without_a_schema_and_none_at_all() -> None:
    assert parse_tools(" ") == ()
    assert parse_tools('[{"name":"now"}]')[0].fields == ()
    assert parse_tool('{"name":"a","parameters":{"properties":{"x":3}}}').fields == (
        Field("x", Kind.ANY),
    )


@pytest.mark.parametrize(
    ("arguments", "reason", "name"),
    [
        ('{"number":"1","limit":2,"tags":["a"],"address":{"city":"x"},"other":3}', "", ""),
        ("{}", "", ""),
        ("{", "not_json", ""),
        ("[]", "not_an_object", ""),
        ('{"nr":"1"}', "unknown_argument", "nr"),
        ('{"number":1}', "wrong_kind", "number"),
        ('{"limit":1.5}', "wrong_kind", "limit"),
        ('{"limit":true}', "wrong_kind", "limit"),
        ('{"status":"lost"}', "not_a_choice", "status"),
        ('{"tags":["two\\nlines"]}', "wrong_kind", "tags"),
        ('{"address":{"street":"x"}}', "unknown_argument", "street"),
        ("[" * 100_000, "not_json", ""),
    ],
)
def test_arguments_that_a_form_cannot_show_are_told(arguments: str, reason: str, name: str) -> None:
    if not reason:
        assert read_arguments(arguments, TOOL.fields) == json.loads(arguments)
        return
    with pytest.raises(MisfitError) as caught:
        read_arguments(arguments, TOOL.fields)
    assert (caught.value.reason, caught.value.name) in ((reason, name), ("too_deep", ""))


def test_one_argument_is_changed_and_the_others_stay_as_written() -> None:
    text = '{"weight": 1.50, "name": "\\u00e9", "at": {"x": 1e3, "y": 2}}'
    assert with_argument(text, ("name",), '"b"') == text.replace('"\\u00e9"', '"b"')
    assert with_argument(text, ("at", "y"), "3") == text.replace('"y": 2', '"y": 3')
    assert with_argument('{"a":1}', ("b",), "[2]") == '{"a":1,"b":[2]}'
    assert with_argument('{"a": 1, "b": 2}', ("a",), None) == '{"b": 2}'
    assert with_argument("{}", ("at", "x"), "1") == '{"at":{"x":1}}'
    with pytest.raises(MisfitError):
        with_argument("[]", ("a",), "1")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES), st.text(), VALUES)
def test_a_changed_argument_is_what_is_read_back(
    arguments: dict[str, object], name: str, value: object
) -> None:
    after = with_argument(json.dumps(arguments), (name,), json.dumps(value))
    assert json.loads(after) == arguments | {name: value}
    assert json.loads(with_argument(after, (name,), None)).keys() == arguments.keys() - {name}


def test_a_tool_of_which_nothing_was_changed_stays_as_written() -> None:
    odd = '{ "function":{"name" : "find_order","x":1e2} }'
    tool = parse_tool(odd)
    assert with_changes(tool, tool.name, tool.description, parameters(tool)) == odd
    assert with_changes(TOOL, TOOL.name, TOOL.description, parameters(TOOL)) == TOOL_TEXT


def test_changing_a_tool_keeps_what_no_form_shows() -> None:
    rows = list(parameters(TOOL))
    rows[0] = Parameter("number", Kind.STRING, False, "The number", (), rows[0].schema)
    rows[2] = Parameter("limit", Kind.STRING, True, "", (), rows[2].schema)
    rows.append(Parameter("size", Kind.CHOICE, False, "", ("s", "l")))
    del rows[3]
    function = json.loads(with_changes(TOOL, "look_up", "New", rows))["function"]
    schema = function["parameters"]
    assert (function["name"], function["description"], function["strict"]) == (
        "look_up",
        "New",
        True,
    )
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["limit"]
    assert schema["properties"]["number"] == {
        "type": "string", "description": "The number", "pattern": "[0-9]+",
    }  # fmt: skip
    assert schema["properties"]["limit"] == {"type": "string"}
    assert schema["properties"]["size"] == {"type": "string", "enum": ["s", "l"]}
    assert "weight" not in schema["properties"]
    assert schema["properties"]["other"] == SCHEMA["properties"]["other"]  # type: ignore[index]  # a dict of dicts


def test_new_tools_have_names_of_their_own() -> None:
    first = new_tool([])
    second = new_tool([parse_tool(first).name])
    assert [tool.name for tool in parse_tools(list_text([first, second]))] == ["tool_1", "tool_2"]
    assert list_text([]) == ""
