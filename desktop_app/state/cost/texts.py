"""Sums, times and dates as the program words them."""

import re
from datetime import date
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, QDate, QLocale

MINUTE, HOUR, DAY = 60, 3600, 86400


def money(usd: float | Decimal) -> str:
    """A sum in US dollars with cents; what is above nothing and below a cent says so."""
    if 0 < float(usd) < 0.01:
        return _tr("under $0.01")
    return f"${usd:,.2f}"


def tokens(count: int) -> str:
    """A number of tokens."""
    return f"{count:,}"


def duration(seconds: float) -> str:
    """A time that was estimated, in the unit that fits."""
    if seconds < MINUTE:
        return _tr("under a minute")
    if seconds < HOUR:
        return _tr("about {n} min").format(n=round(seconds / MINUTE))
    if seconds < 2 * DAY:
        return _tr("about {n} h").format(n=f"{seconds / HOUR:.1f}".removesuffix(".0"))
    return _tr("about {n} days").format(n=round(seconds / DAY))


def day(when: date) -> str:
    """A date as the user's language writes it, short: 6 Jan 2027."""
    return QLocale().toString(QDate(when.year, when.month, when.day), "d MMM yyyy")


def day_of(text: str) -> str:
    """The day of a price as its source has it: a date, a month, or words."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return day(date.fromisoformat(text))
    if re.fullmatch(r"\d{4}-\d\d", text):
        month = date.fromisoformat(f"{text}-01")
        return QLocale().toString(QDate(month.year, month.month, 1), "MMM yyyy")
    return text


def _tr(text: str) -> str:
    return QCoreApplication.translate("cost_texts", text)
