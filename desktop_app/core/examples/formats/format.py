"""What can be known of a file before it is read."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """How a file says a conversation.

    PREFERENCE: two replies to compare. PROJECT: our own export with everything. TABLE: CSV or TSV.
    CHAT_TEXT: lines of "Name: …".
    """

    CHAT = "chat"
    PREFERENCE = "preference"
    PROMPT_COMPLETION = "prompt_completion"
    SHAREGPT = "sharegpt"
    ALPACA = "alpaca"
    PROJECT = "project"
    TABLE = "table"
    XLSX = "xlsx"
    CHAT_TEXT = "chat_text"
    UNKNOWN = "unknown"


TABLES = frozenset((Format.TABLE, Format.XLSX))
"""Formats in which what the columns are has to be known, or guessed."""


class Container(StrEnum):
    """How the records of a file stand together.

    LINES: one a line. ARRAY: in one JSON list. OBJECTS: one after another, over several lines or
    several on one. NONE: there are no records, as in a table or a text.
    """

    LINES = "lines"
    ARRAY = "array"
    OBJECTS = "objects"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who speaks in a chat that is text. `role` '' leaves out what they say."""

    name: str
    role: str
    n_messages: int = 0


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file seems to be. Its reader obeys this, so a changed copy overrules what was found.

    `encoding` is a codec of Python that also knows a byte-order mark, if there is one. `delimiter`
    is that of a table, '' elsewhere; `line_end` is a carriage return where lines end in nothing
    else; `speakers` are those of a chat as text, as far as its beginning names them.
    """

    format: Format
    encoding: str = "utf-8"
    has_mojibake: bool = False
    container: Container = Container.NONE
    delimiter: str = ""
    line_end: str = "\n"
    speakers: tuple[Speaker, ...] = ()
