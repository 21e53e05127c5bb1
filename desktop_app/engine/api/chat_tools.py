"""`tools`, `tool_choice`, `parallel_tool_calls`: what is offered, and what the reply must be."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from desktop_app.engine.api.chat_request import ChatBody
from desktop_app.engine.api.response_format import check_strict, json_rule
from desktop_app.engine.backends.backend import ToolCallForm
from desktop_app.engine.errors import ApiError

_MOST_CALLS = 8
"""How many calls a reply that must call may make: a small model may not end by itself."""


@dataclass(frozen=True)
class ToolPlan:
    """The tools to offer, whether one must be called, and whether several may be."""

    offered: Sequence[Mapping[str, Any]] = ()
    must_call: bool = False
    several: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The names of the functions."""
        return frozenset(tool["function"]["name"] for tool in self.offered)

    def grammar(self, form: ToolCallForm) -> str | None:
        """Return the grammar of a reply that must call, or that must call by a strict schema."""
        if self.must_call:
            return self._must_call(form)
        strict = any(tool["function"].get("strict") is True for tool in self.offered)
        return self._may_call(form) if strict and form.before else None

    def _must_call(self, form: ToolCallForm) -> str:
        more = f' ("\\n" call){{0,{_MOST_CALLS - 1}}}' if self.several and form.before else ""
        start = f"start: call{more}\n"
        before, after = (json.dumps(text) if text else "" for text in (form.before, form.after))
        return start + f"call: {before} one {after}\none: {json_rule(self._schema(form))}\n"

    def _may_call(self, form: ToolCallForm) -> str:
        """Any text, but what looks like a call must be one (llguidance, docs: tool calling)."""
        tag = form.before.strip()
        rest = json.dumps(form.before[form.before.index(tag) + len(tag) :])
        many = "*" if self.several else "?"
        return (
            f"start: call{many} TEXT\n"
            "TEXT: /(.|\\n)*/\n"
            f"begin[lazy]: TEXT {json.dumps(tag)}\n"
            f"call: begin {rest} one {json.dumps(form.after)}\n"
            f"one: {json_rule(self._schema(form))}\n"
        )

    def _schema(self, form: ToolCallForm) -> dict[str, Any]:
        """One of the functions; definitions of their schemas get names of their own."""
        kinds = []
        definitions: dict[str, object] = {}
        for place, tool in enumerate(self.offered):
            function = tool["function"]
            parameters = function.get("parameters") or {"type": "object"}
            definitions[f"f{place}"] = _moved(parameters, f"#/$defs/f{place}")
            kinds.append(
                {
                    "type": "object",
                    "properties": {
                        "name": {"const": function["name"]},
                        form.arguments: {"$ref": f"#/$defs/f{place}"},
                    },
                    "required": ["name", form.arguments],
                    "additionalProperties": False,
                }
            )
        return {"anyOf": kinds, "$defs": definitions}


def plan_tools(body: ChatBody) -> ToolPlan:
    """Return what the request says about tools. Raises ApiError."""
    tools = body.tools or []
    for place, tool in enumerate(tools):
        _check_tool(tool, f"tools[{place}]")
    if not tools:
        for name in ("tool_choice", "parallel_tool_calls"):
            if getattr(body, name) not in (None, "none", "auto"):
                message = f"Invalid value for '{name}': it is only allowed when 'tools' are given."
                raise ApiError(400, message, param=name)
        return ToolPlan()
    mode, chosen = _choice(body.tool_choice, tools)
    if mode == "none":
        return ToolPlan()
    return ToolPlan(chosen, mode == "required", body.parallel_tool_calls is not False)


def _check_tool(tool: Mapping[str, Any], where: str) -> None:
    if tool.get("type") != "function":
        message = f"Invalid value for '{where}.type': only 'function' is offered."
        raise ApiError(400, message, param=f"{where}.type")
    function = tool.get("function")
    if not isinstance(function, dict):
        raise ApiError(
            400, f"Missing required parameter: '{where}.function'.", param=f"{where}.function"
        )
    name, parameters = function.get("name"), function.get("parameters")
    where = f"{where}.function"
    if not isinstance(name, str) or not re.fullmatch("[a-zA-Z0-9_-]{1,64}", name):
        message = f"Invalid '{where}.name': expected 1 to 64 letters, digits, '_' or '-'."
        raise ApiError(400, message, param=f"{where}.name")
    if parameters is not None and not isinstance(parameters, dict):
        raise ApiError(400, f"Invalid type for '{where}.parameters'.", param=f"{where}.parameters")
    if function.get("strict") is True and parameters is not None:
        check_strict(parameters, f"function '{name}'", f"{where}.parameters")


_Mode = Literal["none", "auto", "required"]


def _choice(
    choice: str | Mapping[str, Any] | None, tools: Sequence[Mapping[str, Any]]
) -> tuple[_Mode, Sequence[Mapping[str, Any]]]:
    match choice:
        case None | "auto":
            return "auto", tools
        case "none":
            return "none", ()
        case "required":
            return "required", tools
        case {"type": "function", "function": {"name": str(name)}}:
            return "required", _named([name], tools)
        case {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "auto" | "required" as mode, "tools": [*allowed]},
        }:
            names = [
                tool["function"].get("name")
                for tool in allowed
                if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
            ]
            return ("auto" if mode == "auto" else "required"), _named(names, tools)
    message = (
        "Invalid value for 'tool_choice': expected none, auto, required, or a function by its name."
    )
    raise ApiError(400, message, param="tool_choice")


def _named(
    names: Sequence[object], tools: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    found = [tool for tool in tools if tool["function"]["name"] in names]
    if not found:
        message = "Invalid value for 'tool_choice': no such function is among 'tools'."
        raise ApiError(400, message, param="tool_choice")
    return found


def _moved(schema: object, root: str) -> object:
    """Return a schema whose references hold where it lies under `root` of another."""
    if isinstance(schema, list):
        return [_moved(part, root) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: root + value[1:]
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _moved(value, root)
        for key, value in schema.items()
    }
