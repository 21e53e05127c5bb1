"""Setting right the evident slips of hand-written JSON, and naming the first of them.

Nothing is guessed: what is not one of the slips below is left, and then it is no JSON either.
"""

import json
import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+)
    | (?P<text>"(?:[^"\\]|\\.)*+")
    | (?P<single>'(?:[^'\\]|\\.)*+')
    | (?P<smart>[“„”](?:[^“”„\\]|\\.)*+[“”])
    | (?P<word>-?[0-9A-Za-z.+-]+)
    | (?P<sign>[\[\]{},:])""",
    re.VERBOSE | re.DOTALL,
)
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_ESCAPED = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "",
    "\\": "\\", "'": "'", '"': '"', "/": "/",
}  # fmt: skip
_SLIPS = {"text": "control_character", "single": "python_quotes", "smart": "smart_quotes"}
_CLOSING = {"{": "}", "[": "]"}

_DETAILS = {
    "byte_order_mark": "There is a byte-order mark or another invisible sign between its parts",
    "trailing_comma": "There is a comma too many",
    "python_quotes": "It is written as Python writes objects: single quotes, True, False or None",
    "smart_quotes": "Typographic quotes stand where JSON wants straight ones",
    "control_character": "A text holds a tab, a line break or a \\ that JSON writes otherwise",
    "missing_bracket": "A closing bracket is missing",
    "extra_bracket": "There is a closing bracket too many",
}


class Slip(NamedTuple):
    """What was set right first: a stable code, and words that say where."""

    reason: str
    detail: str


def relaxed(text: str) -> tuple[str, Slip] | None:
    """Return JSON without its slips, and the first slip; None if there are none or it is hopeless.

    The result may still be no JSON.
    """
    if "\0" in text:
        return None
    writer = _Writer()
    pos = 0
    while pos < len(text):
        token = _TOKEN.match(text, pos)
        if token is None:
            return None
        writer.add(token.lastgroup or "", token[0], pos)
        pos = token.end()
    return writer.finished(len(text))


class _Writer:
    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._slips: list[tuple[int, str]] = []
        self._comma = -1

    def add(self, kind: str, text: str, pos: int) -> None:
        if kind == "space":
            if "\ufeff" in text:
                self._slips.append((pos, "byte_order_mark"))
            return
        if text in ("}", "]"):
            self._close(text, pos)
            return
        if self._comma >= 0:
            self._out.append(",")
            self._comma = -1
        if text == ",":
            self._comma = pos
            return
        if text in _CLOSING:
            self._open.append(text)
        self._out.append(self._written(kind, text, pos))

    def finished(self, length: int) -> tuple[str, Slip] | None:
        self._drop_comma()
        while self._open:
            self._slips.append((length, "missing_bracket"))
            self._out.append(_CLOSING[self._open.pop()])
        if not self._slips:
            return None
        pos, reason = min(self._slips)
        return "".join(self._out), Slip(reason, f"{_DETAILS[reason]} (character {pos + 1}).")

    def _drop_comma(self) -> None:
        if self._comma >= 0:
            self._slips.append((self._comma, "trailing_comma"))
            self._comma = -1

    def _close(self, token: str, pos: int) -> None:
        """Close what is open; a bracket that was forgotten before it is put there."""
        self._drop_comma()
        openers = [_CLOSING[opener] for opener in self._open[-2:]]
        if token not in openers:
            self._slips.append((pos, "extra_bracket"))
            return
        if openers[-1] != token:
            self._slips.append((pos, "missing_bracket"))
            self._out.append(_CLOSING[self._open.pop()])
        self._open.pop()
        self._out.append(token)

    def _written(self, kind: str, token: str, pos: int) -> str:
        if kind == "text" and _is_json_text(token):
            return token
        if kind in ("text", "single", "smart"):
            self._slips.append((pos, _SLIPS[kind]))
            return json.dumps(_unescaped(token[1:-1]))
        if token in _PYTHON_WORDS:
            self._slips.append((pos, "python_quotes"))
            return _PYTHON_WORDS[token]
        return token


def _is_json_text(token: str) -> bool:
    # What is printable needs no escape; what has none needs no closer look.
    if "\\" not in token and token.isprintable():
        return True
    try:
        json.loads(token)
    except ValueError:
        return False
    return True


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    for digits, base in zip(escape.groups()[:4], (16, 16, 16, 8), strict=True):
        if digits:
            code = int(digits, base)
            return chr(code) if code <= 0x10FFFF else escape[0]
    return _ESCAPED.get(escape[5], escape[0])
