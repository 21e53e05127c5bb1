"""A chat that is text: "Name: what was said" lines, with or without the time before the name.

What follows without a name belongs to the message above. A line of dashes, equals signs, stars or
underscores ends a conversation. Where the first message has a time, only lines with a time begin
one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.core.examples.formats.format import Speaker
from desktop_app.core.examples.formats.pieces import LIMIT, SHOWN_LENGTH, Piece
from desktop_app.core.examples.formats.roles import speaker_role
from desktop_app.core.examples.imported import Imported, Rejected

_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[aApP]\.?\s?[mM]\.?)?"
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = rf"(?:{_DATE},?\s+)?{_CLOCK}(?:,?\s+{_DATE})?"
_NAME = r"[^\W\d_][^:：\n\[\]{}<>\"“”=]{0,39}?|\+\d[\d\s()-]{5,18}"
_SAID = re.compile(
    rf"(?P<time>[\[(]\s*{_TIME}\s*[\])]\s*[-–—]?\s*|{_TIME}\s*[-–—]\s*)?"
    rf"(?P<name>{_NAME})\s*(?P<later>[\[(]\s*{_TIME}\s*[\])]\s*)?[:：](?!//)\s?(?P<text>.*)",
    re.DOTALL,
)
_TIMED = re.compile(rf"[\[(]\s*{_TIME}\s*[\])]|{_TIME}\s*[-–—]\s")
_RULE = re.compile(r"\s*([-=*_~])\1{2,}\s*")
_INVISIBLE = "\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
_MOST_WORDS = 4


class Said(NamedTuple):
    """How a line begins a message."""

    name: str
    is_timed: bool
    text: str


def said(line: str) -> Said | None:
    """Return who says what on a line, None if it begins no message."""
    found = _SAID.fullmatch(line.strip(_INVISIBLE + " \t\r\n"))
    if found is None or len(found["name"].split()) > _MOST_WORDS:
        return None
    return Said(found["name"].strip(), bool(found["time"] or found["later"]), found["text"])


def speakers(lines: Iterable[str]) -> tuple[Speaker, ...]:
    """Return who speaks, in the order of their first words, and a first idea of their roles.

    Roles go by the names that are roles ("Customer", "Bot"); else the first is the user, all others
    the assistant. A name that comes once only, in a chat where others come again, is a colon in
    what somebody says ("Note: …"), unless the line has a time.
    """
    starts = [start for start in map(said, lines) if start is not None]
    if starts and starts[0].is_timed:
        starts = [start for start in starts if start.is_timed]
    counts = Counter(start.name for start in starts)
    timed = {start.name for start in starts if start.is_timed}
    often = [name for name, n in counts.items() if n > 1]
    kept = [
        name
        for place, (name, n) in enumerate(counts.items())
        if n > 1 or not often or name in timed or speaker_role(name)
        or (place < 2 and len(often) < 2)
    ]  # fmt: skip
    taken = {speaker_role(name) for name in kept}
    found: list[Speaker] = []
    for name in kept:
        role = speaker_role(name) or (ASSISTANT if USER in taken else USER)
        taken.add(role)
        found.append(Speaker(name, role, counts[name]))
    return tuple(found)


def looks_like_chat(lines: Sequence[str]) -> bool:
    """Whether the first lines of a text are a chat: a speaker first, and one who comes again."""
    full = [line for line in lines if line.strip(_INVISIBLE + " \t\r\n")]
    first = next((line for line in full if not _RULE.fullmatch(line)), "")
    starts = [start for start in map(said, full) if start is not None]
    names = {start.name for start in starts}
    has_roles = any(map(speaker_role, names))
    if len(starts) < 2:
        return has_roles
    if said(first) is None and not _TIMED.match(first.lstrip(_INVISIBLE)):
        return has_roles
    return has_roles or starts[0].is_timed or len(names) < len(starts) or len(names) == 2


def read_chat_text(
    pieces: Iterable[Piece], known: Sequence[Speaker] = ()
) -> Iterator[Imported | Rejected]:
    """Read the conversations of a chat, with the roles that its speakers are given.

    Who is not among the `known` speaks only on lines with a time, as the assistant; if nobody is
    known, who comes first is the user.
    """
    reader = _ChatReader(known)
    for number, data in pieces:
        yield from reader.take(number, data)
    yield from reader.finish()


class _ChatReader:
    def __init__(self, known: Sequence[Speaker]) -> None:
        self._roles = {speaker.name: speaker.role for speaker in known}
        self._is_open = not known
        self._is_timed: bool | None = None
        self._number = 0
        self._messages: list[tuple[str, list[str]]] = []
        self._size = 0
        self._stray: list[str] = []
        self._stray_number = 0
        self._is_too_long = False

    def take(self, number: int, data: bytes) -> Iterator[Rejected | Imported]:
        try:
            line = data.decode().strip("\ufeff\r\n")
        except UnicodeDecodeError:
            shown = data[:SHOWN_LENGTH].decode(errors="replace").strip()
            yield Rejected(number, shown, "not_utf8", "The line has signs that cannot be decoded.")
            return
        if _RULE.fullmatch(line):
            yield from self.finish()
            return
        self._size += len(data)
        if self._size > LIMIT:
            self._is_too_long = True
            self._messages = self._messages[:1]
            return
        start = self._start(line)
        if start is not None:
            yield from self._drop_stray()
            self._number = self._number or number
            self._messages.append((self._roles[start.name], [start.text]))
        elif self._messages and not _TIMED.match(line.lstrip(_INVISIBLE)):
            self._messages[-1][1].append(line)
        elif line.strip():
            self._stray_number = self._stray_number or number
            if len(self._stray) < SHOWN_LENGTH:
                self._stray.append(line[:SHOWN_LENGTH])

    def finish(self) -> Iterator[Rejected | Imported]:
        yield from self._drop_stray()
        if self._is_too_long:
            shown = self._messages[0][1][0][:SHOWN_LENGTH] if self._messages else ""
            yield Rejected(
                self._number or 1, shown, "too_long", "The conversation is longer than 32 MiB."
            )
        elif self._messages:
            spoken = [Message(r, "\n".join(t).strip()) for r, t in self._messages if r]
            yield Imported(Conversation(tuple(spoken)), self._number)
        self._messages = []
        self._number = self._size = 0
        self._is_too_long = False

    def _start(self, line: str) -> Said | None:
        start = said(line)
        if start is None or (self._is_timed and not start.is_timed):
            return None
        if start.name not in self._roles:
            if not self._is_open and not start.is_timed:
                return None
            is_first = USER not in self._roles.values()
            role = speaker_role(start.name) or (USER if is_first else ASSISTANT)
            self._roles[start.name] = role
        if self._is_timed is None:
            self._is_timed = start.is_timed
        return start

    def _drop_stray(self) -> Iterator[Rejected]:
        if self._stray:
            shown = "\n".join(self._stray)[:SHOWN_LENGTH]
            yield Rejected(self._stray_number, shown, "no_speaker", "Nobody is said to say this.")
        self._stray = []
        self._stray_number = 0
