"""What is in a cell of a workbook, as text that a person would type."""

import re
from datetime import date, datetime, time, timedelta

_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f])_")
"""How Excel writes control characters, such as the line ends of other systems."""

EXACT = 10**15
"""Excel keeps 15 digits of a number."""


def cell_text(value: object) -> str:
    """Return 12 for 12.0, TRUE for True, an ISO date for a date; no value is ''."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    return _moment(value) if isinstance(value, date | time | timedelta) else str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return format(value, ".15g")


def _moment(value: date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    return value.isoformat()
