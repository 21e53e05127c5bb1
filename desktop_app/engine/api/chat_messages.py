"""Whether messages are such as the protocol has them (SPEC `ChatCompletionRequestMessage`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from desktop_app.engine.errors import ApiError

_Message = Mapping[str, Any]


def check_messages(messages: Sequence[_Message]) -> None:
    """Raise ApiError for a message that lacks something, or for calls and answers out of order.

    Roles and contents are looked at by `plain_messages`.
    """
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        _check_name(message, where)
        if message.get("role") == "assistant":
            _check_assistant(message, where)
        elif message.get("content") is None and message.get("role") != "function":
            raise _missing(f"{where}.content")
        if message.get("role") == "function" and not isinstance(message.get("name"), str):
            raise _missing(f"{where}.name")
        if message.get("role") == "tool" and not isinstance(message.get("tool_call_id"), str):
            raise _missing(f"{where}.tool_call_id")
    _check_order(messages)


def _check_name(message: _Message, where: str) -> None:
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise ApiError(400, f"Invalid type for '{where}.name'.", param=f"{where}.name")


def _check_assistant(message: _Message, where: str) -> None:
    calls = message.get("tool_calls")
    if calls is not None:
        _check_calls(calls, f"{where}.tool_calls")
    elif message.get("content") is None and not message.get("function_call"):
        raise _missing(f"{where}.content")


def _check_calls(calls: object, where: str) -> None:
    if not isinstance(calls, list) or not calls:
        raise ApiError(400, f"Invalid type for '{where}': expected calls.", param=where)
    for place, call in enumerate(calls):
        here = f"{where}[{place}]"
        if not isinstance(call, dict) or call.get("type") != "function":
            message = f"Invalid value for '{here}.type': only 'function' is offered."
            raise ApiError(400, message, param=f"{here}.type")
        if not isinstance(call.get("id"), str):
            raise _missing(f"{here}.id")
        function = call.get("function")
        for name in ("name", "arguments"):
            if not isinstance(function, dict) or not isinstance(function.get(name), str):
                raise _missing(f"{here}.function.{name}")


def _check_order(messages: Sequence[_Message]) -> None:
    """Each call is answered before anything else is said, and nothing else is an answer."""
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        if message.get("role") == "tool":
            if message["tool_call_id"] not in open_calls:
                raise ApiError(
                    400,
                    f"Invalid parameter: 'messages[{place}]' with role 'tool' must be a response"
                    " to a preceding message with 'tool_calls'.",
                    param=f"messages[{place}].role",
                )
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            raise _unanswered(open_calls, place)
        calls = message.get("tool_calls") if message.get("role") == "assistant" else None
        open_calls = [call["id"] for call in calls or ()]
    if open_calls:
        raise _unanswered(open_calls, len(messages))


def _unanswered(calls: Sequence[str], place: int) -> ApiError:
    message = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to"
        f" each 'tool_call_id'. Without a response: {', '.join(calls)[:300]}."
    )
    return ApiError(400, message, param=f"messages[{place - 1}]")


def _missing(param: str) -> ApiError:
    return ApiError(400, f"Missing required parameter: '{param}'.", param=param)
