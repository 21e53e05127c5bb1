"""Token counts kept with the conversations, in as many encodings as are asked for."""

from array import array
from collections.abc import Iterable

from desktop_app.storage.project.database import Database
from desktop_app.storage.project.instructions import TAGS, applier
from desktop_app.storage.project.listing import parsed
from desktop_app.storage.project.rows import Split, Uncounted


class TokenCounts:
    """Counts per encoding; a changed conversation loses its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted_up_to: dict[str, int] = {}

    def uncounted(self, encoding: str, limit: int) -> list[Uncounted]:
        """Return conversations without a count, as they are trained on; none only if all are.

        Goes on where the last call stopped, and begins again at the end: a scan from the start
        for each page would be quadratic.
        """
        start = self._counted_up_to.get(encoding, 0)
        found = self._after(encoding, start, limit)
        if not found and start:
            found = self._after(encoding, 0, limit)
        self._counted_up_to[encoding] = found[-1].id if found else 0
        return found

    def _after(self, encoding: str, start: int, limit: int) -> list[Uncounted]:
        rows = self._database.rows(
            f"SELECT id, revision, line, {TAGS} FROM conversation JOIN body USING (id)"  # noqa: S608  # text of ours
            " WHERE id > ? AND state = 0 AND NOT EXISTS (SELECT 1 FROM token_count t"
            " WHERE t.id = conversation.id AND t.encoding = ?) ORDER BY id LIMIT ?",
            (start, encoding, limit),
        )
        apply = applier(self._database)
        return [
            Uncounted(id_, revision, apply(parsed(self._database, id_, text), tags))
            for id_, revision, text, tags in rows
        ]

    def store(self, encoding: str, counts: Iterable[tuple[int, int, int]]) -> None:
        """Keep (id, revision, tokens); counts of what has changed meanwhile are dropped."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO token_count (id, encoding, tokens)"
                " SELECT id, ?, ? FROM conversation WHERE id = ? AND revision = ?",
                ((encoding, tokens, id_, revision) for id_, revision, tokens in counts),
            )

    def of(self, encoding: str, split: Split | None) -> "array[int]":
        """Return the counts of all conversations that are counted, in no particular order."""
        rows = self._database.rows(
            "SELECT tokens FROM token_count JOIN conversation USING (id)"
            " WHERE encoding = ? AND state = 0 AND (?2 IS NULL OR split = ?2)",
            (encoding, split),
        )
        return array("Q", (tokens for (tokens,) in rows))
