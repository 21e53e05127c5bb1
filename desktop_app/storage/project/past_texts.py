"""How a conversation once was: every text that was written of it, undone ones among them."""

from desktop_app.storage.project import edits
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.listing import parsed
from desktop_app.storage.project.rows import PastText, State

_CHANGES = (
    "SELECT change.rowid, touched_at, label, before, after"
    " FROM change JOIN history ON history.id = history_id"
    " WHERE field = 'body' AND first_id = ? ORDER BY change.rowid"
)
_MADE = (
    "SELECT at, label FROM change JOIN history ON history.id = history_id"
    " WHERE field = 'state' AND first_id <= ?1 AND last_id >= ?1 AND before = ?2"
    " ORDER BY change.rowid LIMIT 1"
)


def history_of(database: Database, id_: int) -> list[PastText]:
    """Return the texts of a conversation, the newest first and that of now among them.

    Raises KeyError.
    """
    return [
        PastText(number, at, label, parsed(database, id_, text))
        for number, at, label, text in _texts(database, id_)
    ]


def bring_back(database: Database, id_: int, number: int, at: float) -> None:
    """Make a past text the present one again. Raises KeyError."""
    texts = {found: text for found, _, _, text in _texts(database, id_)}
    text = parsed(database, id_, texts[number])
    edits.replace_many(database, [(id_, text)], label="earlier", at=at)


def _texts(database: Database, id_: int) -> list[tuple[int, float, str, str]]:
    present = database.row("SELECT line FROM body WHERE id = ?", (id_,))
    if present is None:
        raise KeyError(id_)
    changes = database.rows(_CHANGES, (id_,))
    made_at, made_by = database.row(_MADE, (id_, State.ABSENT)) or (0.0, "")
    first = changes[0][3] if changes else present[0]
    later = [(number, at, label, after) for number, at, label, _, after in changes]
    return [*reversed(later), (0, made_at, made_by, first)]
