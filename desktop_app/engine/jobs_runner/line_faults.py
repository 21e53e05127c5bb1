"""What is wrong with one line of a training file, worded as the hosted service words it."""

import json
import re

import msgspec

from desktop_app.core.examples.checks import Finding
from desktop_app.core.examples.lenient_line import OUTPUTS, LineError
from desktop_app.core.examples.rules import DPO
from desktop_app.core.examples.texts import TEXTS, fill

INVALID_FORMAT = "invalid_file_format"
INVALID_FILE = "invalid_training_file"
NO_DICTIONARY = (
    "Expected file to have JSONL format, where every line is a valid JSON dictionary."
    ' Line {n} is not a dictionary (HINT: line starts with: "{start}...").'
)
UNKNOWN_SHAPE = (
    "The job failed due to an invalid training file. Unexpected file format, expected either"
    " prompt/completion pairs or chat messages."
)

INPUT_KEYS = ("messages", "tools", "parallel_tool_calls")

Fault = tuple[str, str]
"""A code and a message."""


def line_fault(number: int, line: bytes, error: LineError, method: str) -> Fault:
    """Return why a line holds no example at all."""
    stripped = line.strip()
    # A file of one object over many lines, as editors lay it out, begins with a brace alone.
    if not stripped.startswith(b"{") or stripped == b"{":
        start = line[:1].decode("latin-1")
        message = NO_DICTIONARY.replace("{n}", str(number)).replace("{start}", start)
        return INVALID_FORMAT, message
    if error.reason == "no_messages_list":
        return _without_messages(number, line, method)
    if error.reason == "no_role":
        place = re.search(r"Message (\d+)", error.detail)
        where = f", message {place[1]}" if place else ""
        reason = f"{where} Discriminator 'role' is missing in value"
    elif error.reason == "not_json":
        reason = (
            f" cannot be parsed. Error: line contains invalid json: {_json_fault(line)}"
            f" (line {number})"
        )
    else:
        reason = f": {error.detail}"
    return INVALID_FORMAT, f"Invalid file format. Example {number}{reason}"


def finding_fault(number: int, finding: Finding, line: bytes) -> str:
    """Word what a check of an example has found."""
    start = f"Invalid file format. Example {number}"
    match finding.code:
        case "unknown_key":
            key = finding.detail
            if key == "input" and finding.message_index is None:
                key = _first_unknown_of_input(line)
            return f'{start} contains an extra "{key[:100]}".'
        case "weight_on_non_assistant":
            return f'{start} contains an extra "weight".'
        case "special_token":
            return f"{start} message contains an invalid token: {finding.detail}."
        case "images_not_taken":
            return f"{start} has an image; this model reads text only."
        case "no_preferred_reply" | "no_other_reply":
            key = OUTPUTS[finding.code == "no_other_reply"]
            return f"{start} is missing key '{key}'"
        case _:
            return f"{start}: {fill(TEXTS[finding.code].title, finding)}."


def keys_of(line: bytes) -> frozenset[str]:
    """Return the keys of an object; none of what is no object."""
    try:
        return frozenset(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return frozenset()


def _first_unknown_of_input(line: bytes) -> str:
    """Return the key that does not belong into the "input" of a preference example."""
    given = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    return next((key for key in keys_of(bytes(given["input"])) if key not in INPUT_KEYS), "input")


def _without_messages(number: int, line: bytes, method: str) -> Fault:
    start = f"Invalid file format. Example {number}"
    keys = keys_of(line)
    needed = ("input", *OUTPUTS) if method == DPO else ("messages",)
    known = {"messages", "prompt", "completion", "input", *OUTPUTS}
    if missing := [key for key in needed if key not in keys]:
        if keys & known:
            return INVALID_FORMAT, f"{start} is missing key '{missing[0]}'"
        return INVALID_FILE, UNKNOWN_SHAPE
    return INVALID_FORMAT, f"{start}: 'messages' is not a list"


def _json_fault(line: bytes) -> str:
    try:
        json.loads(line)
    except ValueError as error:
        return str(error)
    return "a value is not JSON"
