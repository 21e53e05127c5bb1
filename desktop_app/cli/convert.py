"""`exemplar convert`: any format that is read, written as chat JSONL."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from desktop_app.cli.input_file import STANDARD, Examples, InputError, examples_in
from desktop_app.cli.output import amount, shown, system_words, tell
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.storage.whole_file import whole_file

ALL_READ, SOME_REJECTED = 0, 1


def convert(arguments: Namespace) -> int:
    """Write `out` from `file`; the old file stays where nothing could be read.

    Raises InputError, TableError and OSError.
    """
    _require_two_files(arguments.file, arguments.out)
    with examples_in(arguments.file, arguments.sheet) as examples:
        work = _Conversion(examples, mend=arguments.mend)
        if arguments.out == STANDARD:
            work.write(sys.stdout.buffer)
        else:
            _write_whole(Path(arguments.out), work)
        return work.finished()


def _write_whole(out: Path, work: "_Conversion") -> None:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(whole_file(out))
        except OSError as error:
            raise InputError(system_words(error), str(out)) from error
        work.write(file)


class _Conversion:
    def __init__(self, examples: Examples, *, mend: bool) -> None:
        self._examples = examples
        self._mend = mend
        self._written = self._mended = self._rejected = self._mendable = 0
        self._has_remarks = False

    def write(self, file: BinaryIO) -> None:
        for conversation in self._conversations():
            file.write(line(conversation).encode() + b"\n")
            self._written += 1
        if not self._written:
            raise InputError(f"None of it could be read, so nothing was written.{self._offer()}")

    def finished(self) -> int:
        for note in self._examples.notes:
            tell(note)
        mended = f" ({self._mended:,} mended)" if self._mended else ""
        rejected = f"; {self._rejected:,} could not be read" if self._rejected else ""
        if self._has_remarks:
            tell("Tags, ratings, notes and what is for the test have no place in it; left out.")
        tell(f"{amount(self._written, 'conversation')} written{mended}{rejected}.{self._offer()}")
        return SOME_REJECTED if self._rejected else ALL_READ

    def _conversations(self) -> Iterator[Conversation]:
        for item in self._examples.items():
            if isinstance(item, Imported):
                yield self._bare(item)
            elif self._mend and item.mended is not None:
                self._mended += 1
                yield self._bare(item.mended)
            else:
                self._reject(item)

    def _bare(self, item: Imported) -> Conversation:
        self._has_remarks |= bool(item.tags or item.rating or item.notes or item.split == "test")
        return item.conversation

    def _reject(self, item: Rejected) -> None:
        self._rejected += 1
        self._mendable += item.mended is not None
        unit = self._examples.unit
        tell(f"{unit} {item.number}: {item.detail} Its text: {shown(item.text)}")

    def _offer(self) -> str:
        """Say what could be mended and was not."""
        return f" --mend would mend {self._mendable:,} of them." if self._mendable else ""


def _require_two_files(name: str, out: str) -> None:
    if STANDARD in (name, out) or not Path(out).exists() or not Path(name).exists():
        return
    if Path(out).samefile(name):
        raise InputError("It would be replaced while it is read. Name another file to write.")
