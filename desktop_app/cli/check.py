"""`exemplar check`: what a service would refuse in a file, and what makes it teach badly."""

import codecs
import io
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from desktop_app.cli.findings import Said, of_example, of_line
from desktop_app.cli.input_file import Examples, InputError, examples_in
from desktop_app.cli.output import amount, put, tell
from desktop_app.cli.whole_set import WholeSet
from desktop_app.core.examples.advice.review import advise, review
from desktop_app.core.examples.chat_jsonl import line, parse_line
from desktop_app.core.examples.checks import BLOCKS, check_conversation
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.pieces import LIMIT, lines
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.formats.utf8_stream import utf8_stream
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.kind_names import KIND_NAMES
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.rules import DPO, SUPERVISED, Rules, rules_for

CLEAN, BLOCKED = 0, 1
CONVERT = "exemplar convert FILE OUT"
MOST_ALIKE = 10
"""Findings of one kind that people are shown; programs get all."""

_TRAINED_ON = frozenset((Format.CHAT, Format.PREFERENCE))
_UTF8 = frozenset(("utf-8", "utf-8-sig"))
_TAKEN = {
    SUPERVISED: "one JSON object with “messages” on each line (chat JSONL)",
    DPO: "one JSON object with “input”, “preferred_output” and “non_preferred_output” on each line "
    "(preference JSONL)",
}
_OTHER_LINE = "The line can be read, but is not what the service takes: {taken}."
_OTHER_FILE = "This is {format}. It can be read, but is not what the service takes: {taken}."
_OTHER_ENCODING = "The service takes UTF-8. This file is written in {encoding}."
_MARK = (
    "The file begins with a byte-order mark, an invisible sign that many services take for a part "
    "of the first line."
)
_TAKE_A_MARK = frozenset(("foundry", "local"))


def check(arguments: Namespace) -> int:
    """Print the findings, and return whether any blocks. Raises InputError and OSError."""
    rules = rules_for(arguments.service, arguments.method)
    with examples_in(arguments.file, arguments.sheet) as examples:
        checking = _Checking(examples, rules)
        found = checking.findings()
        n = _print_json(found) if arguments.json else _print_lines(found, examples.unit)
        for note in examples.notes:
            tell(note)
    if not arguments.json:
        n_advice = n["advice"]
        put(
            f"{amount(checking.n_records, 'example')}: {n[BLOCKS]:,} blocking, {n_advice:,} advice."
        )
    return BLOCKED if n[BLOCKS] else CLEAN


def _print_json(found: Iterator[Said]) -> Counter[str]:
    n: Counter[str] = Counter()
    separator = ""
    put("[")
    try:
        for said in found:
            n[said.severity] += 1
            put(f"{separator}{said.as_json()}")
            separator = ","
    finally:
        # Also where the file turns out to be damaged half way: what stands there is an array.
        put("]")
    return n


def _print_lines(found: Iterator[Said], unit: str) -> Counter[str]:
    n: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    hidden: dict[str, list[Said]] = {}
    for said in found:
        n[said.severity] += 1
        alike[said.code] += said.line is not None
        if alike[said.code] > MOST_ALIKE:
            hidden[said.code] = [*hidden.get(said.code, [])[:1], said]
            continue
        if said.line is None:
            # What is about the whole set comes last.
            _print_hidden(hidden, alike, unit)
        put(said.as_text(unit))
    _print_hidden(hidden, alike, unit)
    return n


def _print_hidden(hidden: dict[str, list[Said]], alike: Counter[str], unit: str) -> None:
    """Say how many more of each kind there are; `hidden` has the first and the last of them."""
    for code, ends in hidden.items():
        kind = KIND_NAMES.get(code, ends[-1].title)
        more = f"{alike[code] - MOST_ALIKE:,} more like these: {kind}. --json lists them."
        put(f"{unit}s {ends[0].line} to {ends[-1].line}: {ends[-1].severity}: {more}")
    hidden.clear()


class _Checking:
    def __init__(self, examples: Examples, rules: Rules) -> None:
        self.n_records = 0
        self._examples = examples
        self._rules = rules
        self._set = WholeSet()

    def findings(self) -> Iterator[Said]:
        detected = self._examples.detected
        is_jsonl = detected.container is Container.LINES and detected.format in _TRAINED_ON
        items = self._exact_items() if is_jsonl else self._examples.items()
        first = next(items, None)
        if first is None:
            raise InputError("There are no examples in it.")
        yield from self._of_the_file(is_jsonl=is_jsonl)
        for item in chain([first], items):
            self.n_records += 1
            if isinstance(item, Said):
                yield item
            elif isinstance(item, Rejected):
                yield of_line(item)
            else:
                yield from self._of_example(item)
        yield from self._set.findings(self._rules, self._examples.unit)

    def _of_the_file(self, *, is_jsonl: bool) -> Iterator[Said]:
        detected = self._examples.detected
        encoding = codecs.lookup(detected.encoding).name
        if not is_jsonl:
            taken = _TAKEN[self._rules.method]
            message = _OTHER_FILE.format(format=_NAMES[detected.format], taken=taken)
            yield Said(None, BLOCKS, "wrong_format", message, CONVERT)
        elif encoding not in _UTF8:
            message = _OTHER_ENCODING.format(encoding=detected.encoding.upper())
            yield Said(None, BLOCKS, "not_utf8", message, CONVERT)
        elif self._examples.has_mark and self._rules.service not in _TAKE_A_MARK:
            yield Said(1, BLOCKS, "byte_order_mark", _MARK, CONVERT)

    def _exact_items(self) -> Iterator[Imported | Rejected | Said]:
        """Read lines as a service does: what only a kinder reader understands is a finding."""
        detected = self._examples.detected
        self._examples.file.seek(0)
        stream = utf8_stream(self._examples.file, detected.encoding, detected.line_end)
        for number, raw in lines(stream):
            data = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            if not data.strip():
                continue
            try:
                if len(data) > LIMIT:
                    raise LineError("too_long", "")
                yield Imported(parse_line(data), number)
            except LineError:
                yield from self._kindly(data, number)

    def _of_example(self, item: Imported) -> Iterator[Said]:
        reviewed = review(item.conversation)
        self._set.add(item, line(item.conversation), reviewed)
        findings = check_conversation(item.conversation, self._rules)
        if {*reviewed.codes}.difference(finding.code for finding in findings):
            findings.extend(advise(item.conversation))
        # What stands twice in a message is found twice, and said once.
        yield from dict.fromkeys(of_example(item.number, finding) for finding in findings)

    def _kindly(self, data: bytes, number: int) -> Iterator[Rejected | Said]:
        """Say what is wrong with a line, and whether it could be mended."""
        one_line = Detected(Format.CHAT, container=Container.LINES)
        for item in read_examples(io.BytesIO(data), one_line):
            if isinstance(item, Rejected):
                yield Rejected(number, item.text, item.reason, item.detail, item.mended)
            else:
                message = _OTHER_LINE.format(taken=_TAKEN[self._rules.method])
                yield Said(number, BLOCKS, "wrong_format", message, CONVERT)


_NAMES = {
    Format.CHAT: "a file of chats that do not stand on one line each",
    Format.PREFERENCE: "a file of replies to compare that do not stand on one line each",
    Format.PROMPT_COMPLETION: "a file of prompts and completions",
    Format.SHAREGPT: "a file in the ShareGPT format",
    Format.ALPACA: "a file in the Alpaca format",
    Format.PROJECT: "the export of a whole project",
    Format.TABLE: "a table",
    Format.XLSX: "a workbook",
    Format.CHAT_TEXT: "a text with chats",
}
