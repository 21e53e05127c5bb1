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
from desktop_app.core.examples.lenient_line import LineError
from desktop_app.core.examples.rules import Rules, rules_for

CLEAN, BLOCKED = 0, 1
CONVERT = "exemplar convert"
_TRAINED_ON = frozenset((Format.CHAT, Format.PREFERENCE))
_UTF8 = frozenset(("utf-8", "utf-8-sig"))
_OTHER_LINE = (
    "The line is readable, but in another form than the service takes, which is one JSON object "
    "with “messages” on each line."
)
_OTHER_FILE = (
    "The service takes one JSON object with “messages” on each line (chat JSONL). This file is "
    "another one, though examples can be read from it: {format}."
)
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
    for said in found:
        n[said.severity] += 1
        put(said.as_text(unit))
    return n


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
            message = _OTHER_FILE.format(format=_named(detected))
            yield Said(None, BLOCKS, "wrong_format", message, CONVERT)
        elif encoding not in _UTF8:
            message = _OTHER_ENCODING.format(encoding=detected.encoding)
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
                yield from _kindly(data, number)

    def _of_example(self, item: Imported) -> Iterator[Said]:
        reviewed = review(item.conversation)
        self._set.add(item, line(item.conversation), reviewed)
        findings = check_conversation(item.conversation, self._rules)
        if {*reviewed.codes}.difference(finding.code for finding in findings):
            findings.extend(advise(item.conversation))
        for finding in findings:
            yield of_example(item.number, finding)


def _kindly(data: bytes, number: int) -> Iterator[Rejected | Said]:
    """Say what is wrong with a line, and whether it could be mended."""
    one_line = Detected(Format.CHAT, container=Container.LINES)
    for item in read_examples(io.BytesIO(data), one_line):
        if isinstance(item, Rejected):
            yield Rejected(number, item.text, item.reason, item.detail, item.mended)
        else:
            yield Said(number, BLOCKS, "wrong_format", _OTHER_LINE, CONVERT)


def _named(detected: Detected) -> str:
    names = {
        Format.CHAT: "chats, but not one on each line",
        Format.PREFERENCE: "replies to compare, but not one example on each line",
        Format.PROMPT_COMPLETION: "prompt and completion",
        Format.SHAREGPT: "ShareGPT",
        Format.ALPACA: "Alpaca",
        Format.PROJECT: "the export of a whole project",
        Format.TABLE: "a table",
        Format.XLSX: "a workbook",
        Format.CHAT_TEXT: "chats as text",
    }
    return names[detected.format]
