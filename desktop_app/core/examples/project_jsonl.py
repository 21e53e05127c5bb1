"""The export of a whole project: chat or preference lines, with all that the project knows of each.

The first line is a header with the instructions that conversations share. Every other line is the
line that a service takes, and one key `exemplar` at its end with tags, rating, notes, the split,
the source and the advice that was accepted; what is empty is left out. If a conversation has a key
of that name already, all its unknown keys are kept inside, under `own`.
"""

from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from desktop_app.core.examples.chat_jsonl import line, parse_line, whole_characters
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.shared_instructions import SharedInstructions

VERSION = 1
"""Of this format. A reader passes over what a newer one adds."""

KEY, HEADER_KEY = "exemplar", "exemplar_project"
_SEAM = b',"exemplar":{'
_NONE = Raw()


class Header(Struct, frozen=True):
    """What the first line says: the format's version, and the instructions of the project."""

    version: Annotated[int, Meta(ge=1)]
    instructions: SharedInstructions = SharedInstructions()


class _Known(Struct, frozen=True, omit_defaults=True):
    version: Annotated[int, Meta(ge=1)] | None = None
    tags: tuple[str, ...] = ()
    rating: Annotated[int, Meta(ge=0, le=5)] = 0
    notes: str = ""
    split: Literal["", "training", "test"] = ""
    source: str = ""
    source_row: Annotated[int, Meta(ge=0)] = 0
    accepted: tuple[str, ...] = ()
    own: Raw = _NONE


_NAMES = tuple(name for name in _Known.__struct_fields__ if name not in {"version", "own"})
_decoder = msgspec.json.Decoder(_Known)


def header_line(instructions: SharedInstructions) -> str:
    """Return the first line of an export, without line end."""
    return msgspec.json.encode({HEADER_KEY: Header(VERSION, instructions.tidy())}).decode()


def line_of(item: Imported) -> str:
    """Return the line of one conversation, without line end; `number` is not written."""
    conversation, own = _set_apart(item.conversation)
    known = {name: _tidy(getattr(item, name)) for name in _NAMES if getattr(item, name)}
    ours = msgspec.json.encode({"version": VERSION} | known | ({"own": Raw(own)} if own else {}))
    return f'{line(conversation)[:-1]},"{KEY}":{ours.decode()}}}'


def read_header(file: BinaryIO) -> Header | None:
    """Return what the first line of an export says, None if it says nothing of the kind.

    The file is read from where it stands, and stands behind that line afterwards.
    """
    return parse_header(file.readline(1 << 25))


def parse_header(data: bytes) -> Header | None:
    """Return the header that a line holds, None if it is none."""
    try:
        fields = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Raw])
        return msgspec.json.decode(fields[HEADER_KEY], type=Header)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError):
        return None


def read_project_line(data: bytes, number: int) -> Imported:
    """Read a line of an export. Raises LineError."""
    cut = data.rfind(_SEAM)
    if cut >= 0:
        # Most lines are as they were written: the format's own keys are decoded at full speed.
        try:
            known = _decoder.decode(data[cut + len(_SEAM) - 1 : data.rindex(b"}")])
            return _imported(parse_line(data[:cut] + b"}"), known, number)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, LineError):
            pass
    conversation = parse_line(data)
    extra = _extra(conversation)
    ours = extra.pop(KEY, _NONE)
    try:
        known = _decoder.decode(ours)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise LineError("bad_details", f"“{KEY}” is not as it is written here: {error}.") from error
    rest = msgspec.json.encode(extra).decode() if extra else ""
    return _imported(msgspec.structs.replace(conversation, extra=rest), known, number)


def _imported(conversation: Conversation, known: _Known, number: int) -> Imported:
    if own := bytes(known.own).decode():
        conversation = msgspec.structs.replace(conversation, extra=own)
    found = {name: getattr(known, name) for name in _NAMES}
    return Imported(conversation, number, **found)


def _set_apart(conversation: Conversation) -> tuple[Conversation, str]:
    if f'"{KEY}"' not in conversation.extra or KEY not in _extra(conversation):
        return conversation, ""
    return msgspec.structs.replace(conversation, extra=""), conversation.extra


def _extra(conversation: Conversation) -> dict[str, Raw]:
    return msgspec.json.decode(conversation.extra or "{}", type=dict[str, Raw])


def _tidy(value: object) -> object:
    if isinstance(value, tuple):
        return [_tidy(item) for item in value]
    return whole_characters(value) if isinstance(value, str) else value
