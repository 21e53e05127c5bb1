"""Text that a spreadsheet would take for a formula, and run.

Source: OWASP, "CSV Injection". A cell that begins with one of these characters gets an apostrophe
before it, which spreadsheets take for the mark of a text.
"""

import re

STARTS = "=+\\-@\t\r\n＝＋－＠"
"""The last four are full-width forms, which some programs read as the narrow ones."""

_FORMULA = re.compile(f"'*[{STARTS}]")
_DEFUSED = re.compile(f"'+[{STARTS}]")


def defused(text: str) -> str:
    """Return the text so that no spreadsheet computes it; `restored` gives the text back."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Return what `defused` was given."""
    return text[1:] if _DEFUSED.match(text) else text
