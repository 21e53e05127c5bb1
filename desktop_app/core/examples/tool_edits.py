"""Changing the tools of a conversation: only what was changed is written anew."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from desktop_app.core.examples.tool_schema import Kind, Tool, fields_of, json_text

NEW_TOOL = (
    '{"type": "function", "function": {"name": "%s", "description": "", "parameters": '
    '{"type": "object", "properties": {}, "required": []}}}'
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool as a row: `schema` is its JSON as it was written, '' if new."""

    name: str
    kind: Kind
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()
    schema: str = ""


def new_tool(taken: Sequence[str]) -> str:
    """Return the JSON of a tool without parameters, under a name that is not taken."""
    number = 1
    while (name := f"tool_{number}") in taken:
        number += 1
    return NEW_TOOL % name


def list_text(tools: Sequence[str]) -> str:
    """Return the list of tools, each as it is written; '' for none."""
    return f"[{', '.join(tools)}]" if tools else ""


def parameters(tool: Tool) -> tuple[Parameter, ...]:
    """Return a tool's parameters as rows."""
    schema = _function(json.loads(tool.text)).get("parameters")
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return tuple(
        Parameter(
            field.name,
            field.kind,
            field.required,
            field.description,
            tuple(c if isinstance(c, str) else json_text(c) for c in field.choices),
            json_text(properties[field.name]),
        )
        for field in fields_of(schema)
    )


def with_changes(
    tool: Tool, name: str, description: str, rows: Sequence[Parameter] | None = None
) -> str:
    """Return a tool's JSON under a name and description, and with these rows if there are any.

    Keys that no form knows stay. A tool of which nothing changed is returned as it was written.
    """
    same_rows = rows is None or tuple(rows) == parameters(tool)
    if (name, description) == (tool.name, tool.description) and same_rows:
        return tool.text
    value = json.loads(tool.text)
    function = _function(value)
    function["name"] = name
    if description or "description" in function:
        function["description"] = description
    if rows is not None and not same_rows:
        held = function.get("parameters")
        schema: dict[str, object] = held if isinstance(held, dict) else {"type": "object"}
        properties = {row.name: _schema(row) for row in rows}
        required = [row.name for row in rows if row.required]
        function["parameters"] = schema | {"properties": properties, "required": required}
    return json_text(value)


def _function(value: dict[str, object]) -> dict[str, object]:
    inner = value.get("function", value)
    assert isinstance(inner, dict)
    return inner


def _schema(row: Parameter) -> dict[str, object]:
    """Return a row's schema; of one whose kind stays, all that the row does not show is kept."""
    schema = msgspec.json.decode(row.schema, type=dict[str, object]) if row.schema else {}
    before = fields_of({"properties": {row.name: schema}})[0] if schema else None
    if before is None or before.kind is not row.kind:
        schema = _new_schema(row)
    elif row.kind is Kind.CHOICE:
        held = {c if isinstance(c, str) else json_text(c): c for c in before.choices}
        schema["enum"] = [held.get(choice, choice) for choice in row.choices]
    if row.description or "description" in schema:
        schema["description"] = row.description
    return schema


def _new_schema(row: Parameter) -> dict[str, object]:
    match row.kind:
        case Kind.CHOICE:
            return {"type": "string", "enum": list(row.choices)}
        case Kind.LIST:
            return {"type": "array", "items": {"type": "string"}}
        case Kind.ANY:
            return {}
        case kind:
            return {"type": str(kind)}
