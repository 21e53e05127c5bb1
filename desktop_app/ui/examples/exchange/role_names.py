"""What the roles of a table's columns are called."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.tables.mapping import Role

OFFERED = (
    Role.IGNORE, Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.ID, Role.TAG, Role.RATING, Role.NOTES,
    Role.PREFERRED, Role.NON_PREFERRED, Role.SPEAKER, Role.TEXT, Role.WEIGHT, Role.SPLIT,
    Role.SOURCE,
)  # fmt: skip
"""In the order of the menu: what most tables have comes first."""


def role_name(role: Role) -> str:
    """A role in words, plain first."""
    names = {
        Role.IGNORE: _tr("Leave out"),
        Role.USER: _tr("What the user says"),
        Role.ASSISTANT: _tr("The reply (assistant)"),
        Role.SYSTEM: _tr("System instructions"),
        Role.ID: _tr("Which conversation (ID)"),
        Role.TAG: _tr("Tag"),
        Role.RATING: _tr("Rating, 1 to 5"),
        Role.NOTES: _tr("Notes"),
        Role.PREFERRED: _tr("Preferred reply"),
        Role.NON_PREFERRED: _tr("Other reply, not preferred"),
        Role.SPEAKER: _tr("Who speaks, row by row"),
        Role.TEXT: _tr("What is said, row by row"),
        Role.WEIGHT: _tr("Learn from it, 1 or 0 (weight)"),
        Role.SPLIT: _tr("Training or test"),
        Role.SOURCE: _tr("Where it comes from"),
    }
    return names[role]


def _tr(text: str) -> str:
    return QCoreApplication.translate("RoleNames", text)
