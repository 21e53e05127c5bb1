"""What checks of the whole set ask of a project: narrow tables only, but where it says so."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop_app.core.examples.advice.instructions import Instructions
from desktop_app.core.examples.advice.parts import parts_of
from desktop_app.core.examples.advice.review_lines import Stored
from desktop_app.core.examples.rules import Trait
from desktop_app.core.examples.split import Placed
from desktop_app.storage.project.database import Database, open_database
from desktop_app.storage.project.instructions import TAGS, instructions
from desktop_app.storage.project.listing import (
    OF_EACH_LANGUAGE,
    OF_EACH_TAG,
    conversation,
    id_list,
)
from desktop_app.storage.project.rows import Split, Uncounted

MOST_INSTRUCTIONS = 200
"""Different instructions that are asked for, the most used ones."""

MESSAGE_BYTES = len('{"role":"system","content":},')
LINE_END = 1


@dataclass(frozen=True, slots=True)
class SetNumbers:
    """How many conversations there are; `preference` of them have two replies to compare."""

    training: int
    test: int
    preference: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.training + self.test


class SetFacts:
    """A connection of its own, to be used and closed on one thread. Raises ProjectError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> "SetFacts":
        """Open a project that the program has open."""
        return cls(open_database(path, shared=True))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    # Numbers

    def fingerprint(self) -> tuple[int, ...]:
        """Return numbers that change whenever the text of any conversation does."""
        row = self._database.row(
            "SELECT count(*), coalesce(sum(id), 0), coalesce(sum(revision * (id & 65535)), 0)"
            " FROM conversation WHERE state = 0"
        )
        return tuple(row or ())

    def revisions(self) -> dict[int, int]:
        """Return how often the text of each conversation has changed, by id."""
        return dict(self._database.rows("SELECT id, revision FROM conversation WHERE state = 0"))

    def numbers(self) -> SetNumbers:
        """Count the conversations."""
        found = self._database.rows(
            "SELECT split, count(*), sum((traits & ?) > 0)"
            " FROM conversation INDEXED BY conversation_order WHERE state = 0 GROUP BY split",
            (int(Trait.PREFERENCE),),
        )
        counts = {Split(split): n for split, n, _ in found}
        preference = sum(n for _, _, n in found)
        return SetNumbers(counts.get(Split.TRAINING, 0), counts.get(Split.TEST, 0), preference)

    def file_sizes(self) -> tuple[int, int]:
        """Return the bytes of the training and the test file, or a few more; reads every line."""
        shared = instructions(self._database)
        texts = [text for text in (shared.whole_project, *shared.by_tag.values()) if text]
        longest = max((len(msgspec.json.encode(text)) for text in texts), default=-MESSAGE_BYTES)
        found = self._database.rows(
            "SELECT split, sum(length(CAST(line AS BLOB)) + ?)"
            " FROM conversation JOIN body USING (id) WHERE state = 0 GROUP BY split",
            (longest + MESSAGE_BYTES + LINE_END,),
        )
        sizes = {Split(split): n for split, n in found}
        return sizes.get(Split.TRAINING, 0), sizes.get(Split.TEST, 0)

    def lengths(self) -> "array[int]":
        """Return the length of each conversation in characters."""
        rows = self._database.rows(
            "SELECT n_characters FROM conversation INDEXED BY conversation_order WHERE state = 0"
        )
        return array("Q", (n for (n,) in rows))

    def tags(self) -> dict[str, int]:
        """Count the conversations of each tag."""
        return dict(self._database.rows(OF_EACH_TAG))

    def languages(self) -> dict[str, int]:
        """Count the conversations of each language that is known."""
        return dict(self._database.rows(OF_EACH_LANGUAGE))

    def language_of_each(self) -> dict[int, str]:
        """Return the languages that are known, by id."""
        return dict(self._database.rows("SELECT id, language FROM review WHERE language != ''"))

    def with_advice(self, code: str) -> int:
        """Count the conversations with advice, accepted or not."""
        row = self._database.row(
            "SELECT count(*) FROM advice JOIN conversation USING (id) WHERE code = ? AND state = 0",
            (code,),
        )
        return row[0] if row else 0

    # Which conversations

    def duplicates(self) -> list[int]:
        """Return the ids of exact copies, the first of each left out."""
        return self._ids(
            "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY digest ORDER BY position,"
            " id) AS place FROM conversation WHERE state = 0) WHERE place > 1"
        )

    def contradictions(self) -> list[int]:
        """Return the ids of all that ask the same and answer otherwise."""
        return self._ids(
            "SELECT id FROM review JOIN conversation USING (id) WHERE state = 0 AND (question,"
            " instructions) IN (SELECT question, instructions FROM review"
            " JOIN conversation USING (id) WHERE state = 0 AND question != 0 AND reply != 0"
            " GROUP BY question, instructions HAVING min(reply) != max(reply))"
        )

    def overlap(self) -> list[int]:
        """Return the ids of test conversations of which training has an exact copy."""
        return self._ids(
            "SELECT id FROM conversation WHERE state = 0 AND split = 1 AND digest IN"
            " (SELECT digest FROM conversation WHERE state = 0 AND split = 0)"
        )

    def longer_than(self, characters: int) -> list[int]:
        """Return the ids of conversations with more characters."""
        return self._ids(
            "SELECT id FROM conversation WHERE state = 0 AND n_characters > ?", (characters,)
        )

    def with_more_tokens(self, encoding: str, limit: int) -> list[int]:
        """Return the ids of conversations that are counted and longer."""
        return self._ids(
            "SELECT id FROM token_count JOIN conversation USING (id)"
            " WHERE encoding = ? AND tokens > ? AND state = 0",
            (encoding, limit),
        )

    def in_test(self, ids: Sequence[int]) -> set[int]:
        """Return those of these ids that are kept for the test."""
        return set(
            self._ids(
                "SELECT id FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
                " AND state = 0 AND split = 1",
                (id_list(ids),),
            )
        )

    def digests(self, ids: Sequence[int]) -> dict[int, int]:
        """Return what stands for the text of each of these conversations."""
        return dict(
            self._database.rows(
                "SELECT id, digest FROM conversation WHERE id IN (SELECT value FROM json_each(?))",
                (id_list(ids),),
            )
        )

    def with_instructions(self, digests: Sequence[int]) -> list[int]:
        """Return the ids of conversations that have instructions of these digests."""
        return self._ids(
            "SELECT id FROM review JOIN conversation USING (id) WHERE state = 0"
            " AND instructions IN (SELECT value FROM json_each(?))",
            (id_list(digests),),
        )

    def instructions(self) -> list[Instructions]:
        """Return the different instructions that conversations have; reads one line for each."""
        found = self._database.rows(
            "SELECT instructions, count(*), min(id) FROM review JOIN conversation USING (id)"
            " WHERE state = 0 AND instructions != 0 GROUP BY instructions"
            " ORDER BY count(*) DESC, instructions LIMIT ?",
            (MOST_INSTRUCTIONS,),
        )
        return [
            Instructions(digest, parts_of(conversation(self._database, id_)).instructions, n)
            for digest, n, id_ in found
        ]

    # Reviews

    def unreviewed(self, ids: Sequence[int]) -> list[Uncounted]:
        """Return those of these conversations that nobody has looked through as they are now."""
        rows = self._database.rows(
            "SELECT id, revision FROM conversation WHERE id IN (SELECT value FROM json_each(?))"
            " AND state = 0 AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = conversation.id)",
            (id_list(ids),),
        )
        return [
            Uncounted(id_, revision, conversation(self._database, id_)) for id_, revision in rows
        ]

    def n_unreviewed(self) -> int:
        """Count the conversations that nobody has looked through as they are now."""
        row = self._database.row(
            "SELECT count(*) FROM conversation WHERE state = 0"
            " AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = conversation.id)"
        )
        return row[0] if row else 0

    def unreviewed_lines(self, after: int, limit: int) -> list[Stored]:
        """Return lines that nobody has looked through, of ids above `after`, in their order."""
        rows = self._database.rows(
            "SELECT id, revision, line FROM conversation JOIN body USING (id)"
            " WHERE id > ? AND state = 0"
            " AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = conversation.id)"
            " ORDER BY id LIMIT ?",
            (after, limit),
        )
        return [(id_, revision, line) for id_, revision, line in rows]

    def lines(self, ids: Sequence[int]) -> list[Stored]:
        """Return the lines of these conversations; of those that are gone, none."""
        rows = self._database.rows(
            "SELECT id, revision, line FROM conversation JOIN body USING (id)"
            " WHERE id IN (SELECT value FROM json_each(?)) AND state = 0",
            (id_list(ids),),
        )
        return [(id_, revision, line) for id_, revision, line in rows]

    def set_advice(self, code: str) -> frozenset[int]:
        """Return the ids that have this advice of the whole set, in the bin too."""
        return frozenset(self._ids("SELECT id FROM advice WHERE code = ? AND is_set_wide", (code,)))

    # For dividing into training and test

    def placed(self, groups: Sequence[Sequence[int]] = (), *, anew: bool) -> Iterator[Placed]:
        """Yield what decides the place of each; `groups` are near duplicates.

        With `anew` none has a place already.
        """
        group_of = {id_: number for number, group in enumerate(groups) for id_ in group}
        for id_, digest, split, tags in self._database.stream(
            f"SELECT id, digest, split, {TAGS} FROM conversation"  # noqa: S608  # text of ours
            " WHERE state = 0 ORDER BY position, id"
        ):
            names = tuple(msgspec.json.decode(tags, type=list[str]))
            yield Placed(id_, digest, names, group_of.get(id_), None if anew else bool(split))

    def _ids(self, sql: str, parameters: Sequence[object] = ()) -> list[int]:
        return [id_ for (id_,) in self._database.rows(sql, parameters)]
