"""`response_format`: text, any JSON object, or JSON by a schema (SPEC `ResponseFormat*`)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from desktop_app.engine.errors import ApiError

_WHITE_SPACE = r"( |\n {0,40})?"
"""What may stand between the parts of JSON: enough for any layout, and never without an end."""

_PARAM = "response_format"


def reply_grammar(response_format: Mapping[str, Any] | None) -> str | None:
    """Return the grammar of the whole reply, None where anything may be said. Raises ApiError."""
    form = response_format or {"type": "text"}
    match form.get("type"):
        case "text":
            return None
        case "json_object":
            return f"start: {json_rule({'type': 'object'})}\n"
        case "json_schema":
            return f"start: {json_rule(_schema(form.get('json_schema')))}\n"
    message = "Invalid value for 'response_format.type': expected text, json_object or json_schema."
    raise ApiError(400, message, param=f"{_PARAM}.type")


def json_rule(schema: Mapping[str, Any]) -> str:
    """Return a schema as an expression of a grammar."""
    return "%json " + json.dumps({**schema, "x-guidance": {"whitespace_pattern": _WHITE_SPACE}})


def _schema(described: object) -> Mapping[str, Any]:
    where = f"{_PARAM}.json_schema"
    if not isinstance(described, dict):
        raise ApiError(400, f"Missing required parameter: '{where}'.", param=where)
    name = described.get("name")
    if not isinstance(name, str) or not re.fullmatch("[a-zA-Z0-9_-]{1,64}", name):
        message = f"Invalid '{where}.name': expected 1 to 64 letters, digits, '_' or '-'."
        raise ApiError(400, message, param=f"{where}.name")
    schema = described.get("schema", {"type": "object"})
    if not isinstance(schema, dict):
        raise ApiError(400, f"Invalid type for '{where}.schema'.", param=f"{where}.schema")
    if described.get("strict") is True:
        check_strict(schema, f"response_format '{name}'", _PARAM)
    return schema


def check_strict(schema: Mapping[str, Any], what: str, param: str) -> None:
    """Raise ApiError for a schema that leaves open what `strict` must not.

    Source of the rules: the guide to structured outputs, "Supported schemas".
    """
    if schema.get("type") != "object" and "$ref" not in schema:
        raise _invalid(what, param, "schema must be of type 'object'", "()")
    for path, part in _parts(schema, ()):
        properties = part.get("properties")
        if part.get("type") != "object" and properties is None:
            continue
        if part.get("additionalProperties") is not False:
            wanted = "'additionalProperties' is required to be supplied and to be false"
            raise _invalid(what, param, wanted, str(path))
        required = part.get("required")
        named = set(properties) if isinstance(properties, dict) else set()
        if not isinstance(required, list) or not named <= {str(name) for name in required}:
            wanted = (
                "'required' is required to be supplied and to be an array including every key"
                " in properties"
            )
            raise _invalid(what, param, wanted, str(path))


def _parts(
    schema: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the schema and those within it. A loop, for a schema may be nested deeply."""
    waiting: list[tuple[tuple[str, ...], object]] = [(path, schema)]
    while waiting:
        here, part = waiting.pop()
        if not isinstance(part, dict):
            continue
        yield here, part
        for group in ("properties", "$defs", "definitions"):
            inner = part.get(group)
            if isinstance(inner, dict):
                waiting += [((*here, group, str(name)), value) for name, value in inner.items()]
        for group in ("anyOf", "allOf", "oneOf"):
            inner = part.get(group)
            if isinstance(inner, list):
                waiting += [((*here, group, str(n)), value) for n, value in enumerate(inner)]
        waiting.append(((*here, "items"), part.get("items")))


def _invalid(what: str, param: str, wanted: str, path: str) -> ApiError:
    message = f"Invalid schema for {what}: In context={path}, {wanted}."
    return ApiError(400, message, param=param, code="invalid_json_schema")
