"""The words of the checks, in the user's language."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.checks import Finding
from desktop_app.core.examples.texts import TEXTS, fill


def title_of(finding: Finding) -> str:
    """What is wrong, in a few words."""
    return fill(_translated(TEXTS[finding.code].title), finding)


def reason_of(finding: Finding) -> str:
    """Why it matters and what to do."""
    return fill(_translated(TEXTS[finding.code].reason), finding)


def fix_label_of(finding: Finding) -> str:
    """What the button says that mends it; '' if nothing evident mends it."""
    return _translated(TEXTS[finding.code].fix)


def _translated(text: str) -> str:
    return QCoreApplication.translate("Checks", text) if text else ""
