"""Compares answers with the protocol's OpenAPI description, as far as JSON Schema is used there."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DESCRIPTION = Path(__file__).parents[4] / "shared" / "reference" / "openapi-fine-tuning.json"
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


@dataclass(frozen=True)
class Operation:
    """A path of the description with a method."""

    method: str
    path: str


class Description:
    """The description's operations and the schemas of their answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self.answers: dict[Operation, Any] = {
            Operation(method, path): operation["responses"]["200"]["content"]
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }

    @staticmethod
    def read() -> "Description":
        """Return the description at hand.

        Its statuses of a job are those of August 2026; the reference of November 2026 adds two.
        """
        document = json.loads(DESCRIPTION.read_text())
        statuses = document["components"]["schemas"]["FineTuningJob"]["properties"]["status"]
        statuses["enum"] += ["pausing", "paused"]
        return Description(document)

    def operation(self, method: str, path: str) -> Operation:
        """Return the operation that a request is: the one with the fewest placeholders."""
        found = [
            operation
            for operation in self.answers
            if operation.method == method.lower()
            and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", operation.path), path)
        ]
        assert found, f"the description has no {method} {path}"
        return min(found, key=lambda operation: operation.path.count("{"))

    def faults(self, value: object, schema: str) -> list[str]:
        """Return what is wrong with a value, measured by a named schema."""
        return list(self._faults(value, {"$ref": f"#/components/schemas/{schema}"}, "$"))

    def answer_faults(self, operation: Operation, value: object, kind: str) -> list[str]:
        """Return what is wrong with an answer of this media type."""
        return list(self._faults(value, self.answers[operation][kind]["schema"], "$"))

    def _faults(self, value: object, schema: dict[str, Any], where: str) -> Iterator[str]:
        if value is None and (schema.get("nullable") or "null" in schema.get("type", [])):
            return
        if "$ref" in schema:
            yield from self._faults(value, self._schemas[schema["$ref"].split("/")[-1]], where)
            return
        for part in schema.get("allOf", []):
            yield from self._faults(value, part, where)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                yield from self._none_of(value, schema[several], where)
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        yield from self._wrong_type(value, schema, where)
        if isinstance(value, dict):
            yield from self._object_faults(value, schema, where)
        if isinstance(value, list):
            for place, item in enumerate(value):
                yield from self._faults(item, schema.get("items", {}), f"{where}[{place}]")
            yield from _outside(len(value), schema, "minItems", "maxItems", where)
        elif isinstance(value, str):
            yield from _outside(len(value), schema, "minLength", "maxLength", where)
        elif isinstance(value, int | float):
            yield from _outside(value, schema, "minimum", "maximum", where)

    def _none_of(self, value: object, schemas: list[Any], where: str) -> Iterator[str]:
        tried = [list(self._faults(value, schema, where)) for schema in schemas]
        if all(tried):
            yield min(tried, key=len)[0]

    def _wrong_type(self, value: object, schema: dict[str, Any], where: str) -> Iterator[str]:
        names = schema.get("type", [])
        names = [names] if isinstance(names, str) else names
        fits = any(isinstance(value, TYPES[name]) for name in names)
        if isinstance(value, bool):
            fits = "boolean" in names
        if names and not fits:
            yield f"{where}: {value!r} is no {' or '.join(names)}"

    def _object_faults(
        self, value: dict[str, Any], schema: dict[str, Any], where: str
    ) -> Iterator[str]:
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name} is missing"
        others = schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in properties:
                yield from self._faults(item, properties[name], f"{where}.{name}")
            elif others is False:
                yield f"{where}.{name} is not described"
            elif isinstance(others, dict):
                yield from self._faults(item, others, f"{where}.{name}")


def _outside(
    value: float, schema: dict[str, Any], least: str, most: str, where: str
) -> Iterator[str]:
    above = value > schema.get(most, value)
    if value < schema.get(least, value) or above or value <= schema.get("exclusiveMinimum", -1e400):
        yield f"{where}: {value} is out of range"
