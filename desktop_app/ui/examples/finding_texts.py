"""The words of the checks, in the user's language."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.advice.set_texts import SET_TEXTS, fill_set
from desktop_app.core.examples.checks import Finding
from desktop_app.core.examples.kind_names import KIND_NAMES
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


def kind_name(code: str) -> str:
    """What a kind of finding is called where it stands for many conversations."""
    return _translated(KIND_NAMES.get(code, code))


def set_title_of(finding: SetFinding) -> str:
    """What is to be said of the whole set, in a few words."""
    return fill_set(_translated(SET_TEXTS[finding.code].title), finding)


def set_reason_of(finding: SetFinding) -> str:
    """Why it matters and what to do."""
    return fill_set(_translated(SET_TEXTS[finding.code].reason), finding)


def _translated(text: str) -> str:
    return QCoreApplication.translate("Checks", text) if text else ""
