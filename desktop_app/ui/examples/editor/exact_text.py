"""What stands in a text box, and the text that it stands for, unchanged where nobody changed it.

A text box of Qt knows one kind of line end, gives no-break spaces back as spaces, and lays a
paragraph out anew at every keystroke (195 ms for one of a million letters). So it is shown a text
with plain line ends and long paragraphs cut, and every change it reports is made in the true text.
"""

import re
import unicodedata
from bisect import bisect_left

LONGEST = 4000
"""Units of UTF-16 in a paragraph that is laid out at once: 1 ms."""

LOOK_BACK = 200
"""How far before the end of a piece a space is looked for, to cut there."""

_LINE_END = re.compile("\r\n|[\r\n\u2029\ufdd0\ufdd1]")
_UNIT = 2


class ExactText:
    """Positions count units of UTF-16 in `shown`, as Qt does."""

    def __init__(self, text: str) -> None:
        shown, self._places, self._stand_for = _lay_out(text)
        self.shown = shown
        self._units = bytearray(_encoded(text))
        self._text: str | None = text

    @property
    def text(self) -> str:
        """The true text."""
        if self._text is None:
            self._text = _decoded(self._units)
        return self._text

    @property
    def length(self) -> int:
        """How many units the box shows."""
        return len(self._units) // _UNIT - self._more(len(self._places))

    def between(self, start: int, end: int) -> str:
        """Return the true text of a selection."""
        return _decoded(self._units[self._true(start) * _UNIT : self._true(end) * _UNIT])

    def change(self, position: int, removed: int, added: str) -> None:
        """Follow the box: units were removed at a position, then a text put there.

        Its line ends are plain newlines.
        """
        start, end = self._true(position), self._true(position + removed)
        new = _encoded(added)
        self._units[start * _UNIT : end * _UNIT] = new
        first = bisect_left(self._places, position)
        last = bisect_left(self._places, position + removed)
        shift = len(new) // _UNIT - removed
        if shift or first != last:
            after = [place + shift for place in self._places[last:]]
            self._places[first:] = after
            del self._stand_for[first:last]
        self._text = None

    def laid_out_anew(self, position: int) -> tuple["ExactText", int]:
        """Return the same text with long paragraphs cut again, and where a position is there."""
        wanted = self._true(position)
        new = ExactText(self.text)
        low, high = 0, new.length
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if new._true(middle) < wanted else (low, middle)
        return new, low

    @property
    def is_cut(self) -> bool:
        """Whether long paragraphs are shown in pieces."""
        return -1 in self._stand_for

    def _true(self, position: int) -> int:
        return position + self._more(bisect_left(self._places, position))

    def _more(self, count: int) -> int:
        """How much longer the text is than what is shown, up to the `count`-th odd place."""
        return sum(self._stand_for[:count])


def _lay_out(text: str) -> tuple[str, list[int], list[int]]:
    """Return what is shown, where it is not the text itself, and how much longer that is there."""
    plain = _LINE_END.sub("\n", text)
    if "\r\n" not in text and all(len(line) <= LONGEST for line in plain.split("\n")):
        return plain, [], []
    places: list[int] = []
    stand_for: list[int] = []
    shown: list[str] = []
    position = begin = 0
    for match in [*_LINE_END.finditer(text), None]:
        for number, piece in enumerate(_pieces(text, begin, match.start() if match else len(text))):
            if number:
                shown.append("\n")
                places.append(position)
                stand_for.append(-1)
                position += 1
            shown.append(piece)
            position += _length(piece)
        if match:
            if match[0] == "\r\n":
                places.append(position)
                stand_for.append(1)
            shown.append("\n")
            position += 1
            begin = match.end()
    return "".join(shown), places, stand_for


def _pieces(text: str, begin: int, end: int) -> list[str]:
    pieces = []
    while end - begin > LONGEST:
        cut = _cut(text, begin, begin + LONGEST // 2)
        pieces.append(text[begin:cut])
        begin = cut
    return [*pieces, text[begin:end]]


def _cut(text: str, begin: int, wanted: int) -> int:
    """Return a place near `wanted` where a cut is not seen: behind a space, within no letter."""
    space = text.rfind(" ", max(begin, wanted - LOOK_BACK), wanted)
    if space > begin:
        return space + 1
    while wanted > begin + 1 and _is_joined(text[wanted]):
        wanted -= 1
    return wanted


def _is_joined(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character == "\u200d"


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(_encoded(text)) // _UNIT


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _decoded(units: bytes | bytearray) -> str:
    return units.decode("utf-16-le", "surrogatepass")
