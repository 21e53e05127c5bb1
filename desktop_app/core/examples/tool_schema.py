"""The tools of a conversation, read from their JSON: what a form for a call of one has to ask.

Source: SPEC `FunctionObject` and `FunctionParameters` (OpenAI API, 2025-07-04), JSON Schema
draft 2020-12 for the keywords. What a form cannot ask (`$ref`, `anyOf`, deep nesting) stays JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec import Raw

from desktop_app.core.examples.lenient_line import too_deep

MOST_NESTED = 3
"""Objects within objects that a form shows; what lies deeper is JSON."""

_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Kind(StrEnum):
    """What a field takes. ANY: JSON, as a form cannot ask for it."""

    STRING = "string"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "array"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One argument. `choices` belong to CHOICE, `fields` to OBJECT; a LIST is one of texts."""

    name: str
    kind: Kind
    description: str = ""
    required: bool = False
    choices: tuple[object, ...] = ()
    fields: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool that the assistant may call. `text` is its JSON as it stands in the list."""

    name: str
    description: str
    fields: tuple[Field, ...]
    text: str


class ToolsError(Exception):
    """A list of tools cannot be read. `number` is the tool at fault, from 1, 0 for the list."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.number = number


class MisfitError(Exception):
    """Arguments do not fit the schema. `reason` is a stable code, `name` the argument at fault.

    Codes: not_json, not_an_object, too_deep, unknown_argument, wrong_kind, not_a_choice.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(f"{reason} {name}".strip())
        self.reason = reason
        self.name = name


def parse_tools(text: str) -> tuple[Tool, ...]:
    """Return the tools of a conversation; '' has none. Raises ToolsError.

    Its `reason` is a stable code: not_json, not_a_list, not_an_object, no_name, too_deep.
    """
    if not text.strip():
        return ()
    try:
        items = msgspec.json.decode(text, type=list[Raw])
    except msgspec.ValidationError:
        raise ToolsError("not_a_list") from None
    except _UNREADABLE:
        raise ToolsError("not_json") from None
    return tuple(_tool(bytes(item), number) for number, item in enumerate(items, 1))


def parse_tool(text: str) -> Tool:
    """Return one tool. Raises ToolsError."""
    try:
        data = bytes(msgspec.json.decode(text, type=Raw))
    except _UNREADABLE:
        raise ToolsError("not_json", 1) from None
    return _tool(data, 1)


def read_arguments(text: str, fields: tuple[Field, ...]) -> dict[str, object]:
    """Return the arguments of a call as a form can show them. Raises MisfitError.

    What is missing is left out: the form asks for it.
    """
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise MisfitError("too_deep") from None
    except _UNREADABLE:
        raise MisfitError("not_json") from None
    if not isinstance(value, dict):
        raise MisfitError("not_an_object")
    _check_fit(value, fields)
    return value


def with_argument(text: str, path: tuple[str, ...], value: str | None) -> str:
    """Return a call's arguments with one changed: `value` is JSON, None takes it out.

    All other values stay as they were written. Raises MisfitError where `text` is no object.
    """
    try:
        fields = msgspec.json.decode(text, type=dict[str, Raw])
    except msgspec.ValidationError:
        raise MisfitError("not_an_object") from None
    except _UNREADABLE:
        raise MisfitError("not_json") from None
    written = {key: bytes(raw).decode() for key, raw in fields.items()}
    name, *rest = path
    if rest:
        value = with_argument(written.get(name, "{}"), tuple(rest), value)
    if value is None:
        written.pop(name, None)
    else:
        written[name] = value
    comma, colon = (", ", ": ") if '": ' in text else (",", ":")
    return "{" + comma.join(f"{json_text(key)}{colon}{item}" for key, item in written.items()) + "}"


def is_json(text: str) -> bool:
    """Whether a text is one JSON value."""
    try:
        msgspec.json.decode(text, type=Raw)
    except _UNREADABLE:
        return False
    return not too_deep(text.encode())


def fields_of(schema: object, nested: int = 0) -> tuple[Field, ...]:
    """Return what an object's JSON schema asks for; nothing where it says nothing."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(schema, Mapping) or not isinstance(properties, Mapping):
        return ()
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    return tuple(
        _field(name, inner if isinstance(inner, Mapping) else {}, name in needed, nested)
        for name, inner in properties.items()
    )


def _tool(data: bytes, number: int) -> Tool:
    if too_deep(data):
        raise ToolsError("too_deep", number)
    value = msgspec.json.decode(data)
    if not isinstance(value, dict):
        raise ToolsError("not_an_object", number)
    # Some write the function without what is around it in the format.
    function = value.get("function", value)
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise ToolsError("no_name", number)
    return Tool(
        name, _text(function.get("description")), fields_of(function.get("parameters")),
        data.decode(),
    )  # fmt: skip


def _field(name: str, schema: Mapping[str, object], needed: bool, nested: int) -> Field:
    described = _text(schema.get("description"))
    choices = schema.get("enum")
    if isinstance(choices, list) and choices and all(map(_is_plain, choices)):
        return Field(name, Kind.CHOICE, described, needed, tuple(choices))
    match schema.get("type"):
        case "string" | "number" | "integer" | "boolean" as kind:
            return Field(name, Kind(kind), described, needed)
        case "array" if _takes_texts(schema.get("items")):
            return Field(name, Kind.LIST, described, needed)
        case "object" if nested < MOST_NESTED and (inner := fields_of(schema, nested + 1)):
            return Field(name, Kind.OBJECT, described, needed, fields=inner)
    return Field(name, Kind.ANY, described, needed)


def _check_fit(value: dict[str, object], fields: tuple[Field, ...]) -> None:
    known = {field.name: field for field in fields}
    for name, item in value.items():
        if name not in known:
            raise MisfitError("unknown_argument", name)
        field = known[name]
        if field.kind is Kind.CHOICE and not any(
            item == choice and type(item) is type(choice) for choice in field.choices
        ):
            raise MisfitError("not_a_choice", name)
        if not _fits(item, field.kind):
            raise MisfitError("wrong_kind", name)
        if field.kind is Kind.OBJECT and isinstance(item, dict):
            _check_fit(item, field.fields)


def _fits(value: object, kind: Kind) -> bool:
    match kind:
        case Kind.STRING:
            return isinstance(value, str)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.LIST:
            # A form has a text on each line.
            return isinstance(value, list) and all(
                isinstance(item, str) and "\n" not in item and item for item in value
            )
        case Kind.OBJECT:
            return isinstance(value, dict)
        case _:
            return True


def _takes_texts(items: object) -> bool:
    return isinstance(items, Mapping) and items.get("type") == "string" and "enum" not in items


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool) or value is None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def json_text(value: object) -> str:
    """Return a value as JSON, with letters of every script as they are."""
    return json.dumps(value, ensure_ascii=False)
