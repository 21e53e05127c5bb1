"""Findings as the terminal says them, to people and to programs."""

import json
from dataclasses import asdict, dataclass

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.advice.set_texts import SET_TEXTS, fill_set
from desktop_app.core.examples.checks import BLOCKS, Finding, Severity
from desktop_app.core.examples.imported import Rejected
from desktop_app.core.examples.texts import TEXTS, fill

MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Said:
    """One finding. `line` counts from 1 in the file and is None for the set as a whole."""

    line: int | None
    severity: Severity
    code: str
    message: str
    fix: str | None = None

    @property
    def title(self) -> str:
        """What it is in short: the first sentence."""
        return self.message.split(". ", 1)[0].rstrip(".")

    def as_json(self) -> str:
        """Return it as a JSON object, in ASCII, so that every console can take it."""
        return json.dumps(asdict(self))

    def as_text(self, unit: str) -> str:
        """Return it on one line."""
        place = "the whole set" if self.line is None else f"{unit} {self.line}"
        fix = f" [fix: {self.fix}]" if self.fix else ""
        return f"{place}: {self.severity}: {self.message}{fix}"


def of_example(number: int, finding: Finding) -> Said:
    """Word a finding about one example."""
    text = TEXTS[finding.code]
    message = f"{fill(text.title, finding)}. {fill(text.reason, finding)}"
    return Said(number, finding.severity, finding.code, message, fill(text.fix, finding) or None)


def of_line(rejected: Rejected) -> Said:
    """Word why no example can be read from a line."""
    fix = None if rejected.mended is None else "exemplar convert --mend FILE OUT"
    return Said(rejected.number, BLOCKS, rejected.reason, rejected.detail, fix)


def of_set(finding: SetFinding, lines: tuple[int, ...] = (), unit: str = "line") -> Said:
    """Word a finding about the whole set, with the lines that it is about."""
    text = SET_TEXTS[finding.code]
    message = f"{fill_set(text.title, finding)}. {fill_set(text.reason, finding)}"
    if lines:
        named = ", ".join(map(str, lines[:MOST_LINES]))
        more = ", …" if len(lines) > MOST_LINES else ""
        message = f"{message} ({unit}{'s' * (len(lines) > 1)} {named}{more})"
    return Said(None, finding.severity, finding.code, message, text.fix or None)
