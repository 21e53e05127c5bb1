"""The file that is named on the command line: opened, recognised, read."""

import codecs
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from desktop_app.cli.output import shown
from desktop_app.core.examples.formats.detect import HEAD, detect
from desktop_app.core.examples.formats.format import TABLES, Container, Detected, Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.project_jsonl import read_header
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.core.examples.tables.conversations import read_table
from desktop_app.core.examples.tables.guess import LOOKED_AT, guess_mapping
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.core.examples.tables.table import Row, Table
from desktop_app.storage.import_file import ImportFileError, ImportFileProblem, open_import_file

STANDARD = "-"
"""Stands for standard input, or output."""

_REPLIES = frozenset((Role.ASSISTANT, Role.TEXT, Role.PREFERRED))
MOST_NAMED = 8
"""Columns or sheets that are named."""

_PROBLEMS = {
    ImportFileProblem.FOLDER: "It is a folder. Name a file.",
    ImportFileProblem.NOT_A_FILE: "It is a pipe or a device. Name a file, or - for standard input.",
    ImportFileProblem.EMPTY: "There is nothing in it.",
    ImportFileProblem.CHANGED: "It became shorter while it was read.",
}
_UNKNOWN = (
    "No examples are recognised in it. What can be read: JSONL or JSON (chat, preference, "
    "prompt/completion, ShareGPT, Alpaca, a project), CSV, TSV, XLSX, and chats as text."
)


class InputError(Exception):
    """A file cannot be used; the text says why, in one line. `name` '' is the file to be read."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name


@dataclass
class Examples:
    """A file with examples. `has_mark`: it begins with the byte-order mark of UTF-8.

    `notes` are what is to be known of it once it has been read.
    """

    file: BinaryIO
    detected: Detected
    sheet: str | None = None
    has_mark: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def unit(self) -> str:
        """What its records are counted by."""
        if self.detected.format in TABLES:
            return "row"
        is_by_line = self.detected.container in (Container.LINES, Container.NONE)
        return "line" if is_by_line else "example"

    def items(self) -> Iterator[Imported | Rejected]:
        """Read it from the start. Raises TableError and OSError."""
        self.file.seek(0)
        if self.detected.format in TABLES:
            return self._of_table(open_table(self.file, self.detected))
        if self.detected.format is Format.PROJECT:
            return self._of_project()
        return read_examples(self.file, self.detected)

    def _of_table(self, table: Table) -> Iterator[Imported | Rejected]:
        sheets = _named(table.sheets)
        if self.sheet is None and len(table.sheets) > 1:
            self.notes.append(f"Of the sheets {sheets} the first was read; --sheet names another.")
        if self.sheet is not None and self.sheet not in table.sheets:
            raise InputError(f"It has no sheet “{self.sheet}”. Its sheets: {sheets or 'none'}.")
        first = list(islice(table.rows(self.sheet), LOOKED_AT))
        mapping = guess_mapping(first)
        if not mapping.is_complete:
            raise InputError(_no_text(table.sheets))
        self.notes.append(_columns(mapping, first))
        yield from read_table(table, mapping, self.sheet)
        self.notes.extend(note.detail for note in table.notes)

    def _of_project(self) -> Iterator[Imported | Rejected]:
        """Read conversations as they are trained on: under the instructions that they share."""
        header = read_header(self.file)
        shared = header.instructions if header else SharedInstructions()
        self.file.seek(0)
        for item in read_examples(self.file, self.detected):
            if isinstance(item, Rejected):
                yield item
            else:
                whole = shared.applied(item.conversation, item.tags)
                yield msgspec.structs.replace(item, conversation=whole)


@contextmanager
def examples_in(name: str, sheet: str | None = None) -> Iterator[Examples]:
    """Open a file, or standard input. Raises InputError."""
    with _opened(name) as file:
        head = file.read(HEAD)
        detected = detect(head, name)
        if detected.format is Format.UNKNOWN:
            raise InputError(_UNKNOWN)
        if sheet is not None and detected.format is not Format.XLSX:
            raise InputError("It is no workbook, so it has no sheets. Leave --sheet out.")
        yield Examples(file, detected, sheet, head.startswith(codecs.BOM_UTF8))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD:
        # What is read is looked at twice, and may be larger than memory.
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            if copy.tell() == 0:
                raise InputError(_PROBLEMS[ImportFileProblem.EMPTY])
            copy.seek(0)
            yield copy
        return
    try:
        file = open_import_file(Path(name))
    except ImportFileError as error:
        raise InputError(_PROBLEMS[error.problem]) from None
    except ValueError:
        raise InputError("It is no name of a file.") from None
    with file:
        yield file


def _columns(mapping: Mapping, rows: Sequence[Row]) -> str:
    header = rows[mapping.skipped][1] if mapping.has_header else ()
    width = len(mapping.roles)
    padded = [*header, *[""] * width][:width]
    names = [f"“{shown(n, 40)}”" if n.strip() else f"column {at}" for at, n in enumerate(padded, 1)]
    taken = [
        f"{name} = {role.value.replace('_', ' ')}"
        for name, role in zip(names, mapping.roles, strict=True)
        if role is not Role.IGNORE
    ]
    left = [n for n, r in zip(names, mapping.roles, strict=True) if r is Role.IGNORE]
    without = f"; left out: {_listed(left)}" if left else ""
    no_reply = " None looks like the replies." if _REPLIES.isdisjoint(mapping.roles) else ""
    return f"Columns, as guessed: {', '.join(taken)}{without}.{no_reply}"


def _no_text(sheets: Sequence[str]) -> str:
    others = f" Its sheets: {_named(sheets)}; --sheet names one." if len(sheets) > 1 else ""
    return (
        "No column in it looks like what the user or the assistant says. Write “user” and "
        f"“assistant” above the columns that are.{others}"
    )


def _named(names: Sequence[str]) -> str:
    return _listed([f"“{shown(name, 40)}”" for name in names])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
