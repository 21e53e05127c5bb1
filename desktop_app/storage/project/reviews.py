"""What looking through conversations found: kept with the text that was looked at."""

from collections.abc import Iterable, Sequence

from desktop_app.storage.project.bodies import N_ADVICE
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.filters import NOT_ACCEPTED
from desktop_app.storage.project.listing import id_list, parsed
from desktop_app.storage.project.rows import Review, Uncounted


class Reviews:
    """Reviews of single conversations, and advice that only the whole set gives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reviewed_up_to = 0

    def unreviewed(self, limit: int) -> list[Uncounted]:
        """Return conversations that nobody looked through; none only if all are.

        Goes on where the last call stopped, and begins again at the end: a scan from the start
        for each page would be quadratic.
        """
        found = self._after(self._reviewed_up_to, limit)
        if not found and self._reviewed_up_to:
            found = self._after(0, limit)
        self._reviewed_up_to = found[-1].id if found else 0
        return found

    def _after(self, start: int, limit: int) -> list[Uncounted]:
        rows = self._database.rows(
            "SELECT id, revision, line FROM conversation JOIN body USING (id)"
            " WHERE id > ? AND state = 0"
            " AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = conversation.id)"
            " ORDER BY id LIMIT ?",
            (start, limit),
        )
        return [
            Uncounted(id_, revision, parsed(self._database, id_, text))
            for id_, revision, text in rows
        ]

    def store(self, reviews: Iterable[Review]) -> None:
        """Keep reviews; those of a text that has changed meanwhile are dropped."""
        with self._database.transaction() as connection:
            for review in reviews:
                stored = connection.execute(
                    "INSERT OR REPLACE INTO review SELECT id, ?, ?, ?, ? FROM conversation"
                    " WHERE id = ? AND revision = ?",
                    (
                        *(review.language, review.question, review.reply, review.instructions),
                        *(review.id, review.revision),
                    ),
                )
                if stored.rowcount < 1:
                    continue
                gone = connection.execute(
                    "DELETE FROM advice WHERE id = ? AND NOT is_set_wide", (review.id,)
                )
                connection.executemany(
                    "INSERT OR IGNORE INTO advice VALUES (?, ?, 0)",
                    ((review.id, code) for code in review.codes),
                )
                if gone.rowcount or review.codes:
                    connection.execute(f"{_RECOUNT} = ?", (review.id,))

    def store_set_advice(self, code: str, ids: Sequence[int]) -> None:
        """Give these, and no others, advice that only the whole set gives."""
        with self._database.transaction() as connection:
            before = connection.execute(
                "SELECT id FROM advice WHERE code = ? AND is_set_wide", (code,)
            ).fetchall()
            changed = list({id_ for (id_,) in before} ^ set(ids))
            connection.execute("DELETE FROM advice WHERE code = ? AND is_set_wide", (code,))
            connection.execute(
                "INSERT OR REPLACE INTO advice SELECT id, ?, 1 FROM conversation"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (code, id_list(ids)),
            )
            connection.execute(
                f"{_RECOUNT} IN (SELECT value FROM json_each(?))",  # noqa: S608  # text of ours
                (id_list(changed),),
            )

    def advice(self, id_: int) -> tuple[str, ...]:
        """Return the kinds of advice that were found and not accepted."""
        rows = self._database.rows(
            f"SELECT code FROM advice a WHERE id = ? AND {NOT_ACCEPTED} ORDER BY code",  # noqa: S608  # text of ours
            (id_,),
        )
        return tuple(code for (code,) in rows)


_RECOUNT = f"UPDATE conversation SET n_advice = {N_ADVICE} WHERE id"  # noqa: S608  # text of ours
