"""The project: what the rest of the program asks of its file."""

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.jobs.job import JobEvent
from desktop_app.storage.project import documents, edits, history, importing, jobs, listing, search
from desktop_app.storage.project.database import (
    Database,
    create_database,
    open_database,
    remove_database,
)
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.project.lock import ProjectLock
from desktop_app.storage.project.rows import (
    ConversationRow,
    Counts,
    Document,
    Filter,
    HistoryEntry,
    Split,
    State,
    Touched,
    Uncounted,
)
from desktop_app.storage.project.token_counts import TokenCounts

ALL = Filter()
Clock = Callable[[], float]


class Project:
    """One open project file, of the thread that opened it. Every method raises ProjectError.

    A worker opens its own with `shared=True`. Whatever a method wrote is on disk when it returns,
    and a method that raises has changed nothing.
    """

    def __init__(self, database: Database, lock: ProjectLock | None, clock: Clock) -> None:
        self.path = database.path
        self._database = database
        self._lock = lock
        self._clock = clock
        self._token_counts = TokenCounts(database)
        search.prepare(database.connection)

    @classmethod
    def create(cls, path: Path, *, replace: bool = False, clock: Clock = time.time) -> "Project":
        """Make a new project file and open it; `replace` does away with one that is there.

        One that is open, here or in another window, is never replaced.
        """
        lock = ProjectLock(path)
        try:
            if replace:
                remove_database(path)
            return cls(create_database(path), lock, clock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path, *, shared: bool = False, clock: Clock = time.time) -> "Project":
        """Open a project; `shared` for a further connection of the program that has it open."""
        if shared:
            return cls(open_database(path, shared=True), None, clock)
        lock = ProjectLock(path)
        try:
            return cls(open_database(path, shared=False), lock, clock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Close the file; may be called again."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # Reading

    def ids(self, where: Filter = ALL) -> "array[int]":
        """Return the ids of what a filter shows, in the order of the list."""
        if where.text:
            return array("Q", self.search(where, limit=None, stop=lambda: False))
        return listing.ids(self._database, where)

    def search(
        self, where: Filter, *, limit: int | None, stop: Callable[[], bool]
    ) -> Iterator[int]:
        """Yield ids as they are found, in the order of the list, until `stop` answers yes."""
        return search.search(self._database, where, limit=limit, stop=stop)

    def rows(self, ids: Sequence[int], encoding: str) -> list[ConversationRow]:
        """Return what a list paints; ids that are not there are left out."""
        return listing.rows(self._database, ids, encoding)

    def is_live(self, id: int) -> bool:
        """Whether a conversation is there, neither in the bin nor undone."""
        return listing.is_live(self._database, id)

    def conversation(self, id: int) -> Conversation:
        """Return a conversation. Raises KeyError."""
        return listing.conversation(self._database, id)

    def conversations(self, split: Split | None = None) -> Iterator[tuple[int, Conversation]]:
        """Yield (id, conversation) in the order of the list."""
        return listing.conversations(self._database, split)

    def counts(self) -> Counts:
        """Count the conversations of each kind."""
        return listing.counts(self._database)

    # Edits, each one undoable step

    def add(
        self,
        conversations: Iterable[Conversation],
        *,
        label: str = "add",
        source: str = "",
        after: int | None = None,
        split: Split = Split.TRAINING,
    ) -> list[int]:
        """Add conversations behind another one, or at the end; return their ids."""
        return edits.add(
            self._database,
            conversations,
            label=label,
            source=source,
            after=after,
            split=split,
            at=self._clock(),
        )

    def replace(
        self, id: int, conversation: Conversation, *, label: str = "edit", merge_key: str = ""
    ) -> None:
        """Put a changed conversation in place. Raises KeyError.

        A step under the same `merge_key` as the last one, within 5 seconds of it, joins it.
        """
        edits.replace_many(
            self._database,
            [(id, conversation)],
            label=label,
            merge_key=merge_key,
            at=self._clock(),
        )

    def replace_many(self, changes: Iterable[tuple[int, Conversation]], *, label: str) -> None:
        """Put changed conversations in place as one step. Raises KeyError."""
        edits.replace_many(self._database, changes, label=label, at=self._clock())

    def delete(self, ids: Sequence[int]) -> None:
        """Move conversations into the bin."""
        edits.set_field(
            self._database, ids, history.Field.STATE, State.BINNED, "delete", self._clock()
        )

    def set_split(self, ids: Sequence[int], split: Split) -> None:
        """Use conversations for training or keep them for the test."""
        edits.set_field(self._database, ids, history.Field.SPLIT, split, "split", self._clock())

    def split_at_random(self, test_share: float, seed: int = 0) -> None:
        """Choose by content what is for the test; what is added later moves nothing."""
        edits.split_at_random(self._database, test_share, seed, self._clock())

    def import_conversations(
        self,
        conversations: Iterable[Conversation],
        *,
        source: str,
        test_share: float,
        progress: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> int:
        """Add many as one step while others may write; return how many, 0 if stopped.

        Nothing remains if `conversations` raises or `stop` answers yes.
        """
        return importing.import_conversations(
            self._database,
            conversations,
            source=source,
            test_share=test_share,
            progress=progress,
            stop=stop,
            at=self._clock(),
        )

    # Undo, over restarts

    def undo_entry(self) -> HistoryEntry | None:
        """Return the step that an undo would take back."""
        return history.undo_entry(self._database)

    def redo_entry(self) -> HistoryEntry | None:
        """Return the step that a redo would make again."""
        return history.redo_entry(self._database)

    def undo(self) -> Touched | None:
        """Take back the last step; None if there is none."""
        entry = self.undo_entry()
        return history.step(self._database, entry) if entry else None

    def redo(self) -> Touched | None:
        """Make the step again that was undone last; None if there is none."""
        entry = self.redo_entry()
        return history.step(self._database, entry) if entry else None

    # Token counts

    def uncounted(self, encoding: str, limit: int) -> list[Uncounted]:
        """Return some conversations without a token count; none only if all are counted."""
        return self._token_counts.uncounted(encoding, limit)

    def store_counts(self, encoding: str, counts: Iterable[tuple[int, int, int]]) -> None:
        """Keep (id, revision, tokens); counts of what has changed meanwhile are dropped."""
        self._token_counts.store(encoding, counts)

    def token_counts(self, encoding: str, split: Split | None) -> "array[int]":
        """Return the token counts that are known."""
        return self._token_counts.of(encoding, split)

    # Settings, jobs, documents: not part of undo

    def setting(self, key: str, default: str = "") -> str:
        """Return what is kept under a key."""
        return documents.setting(self._database, key, default)

    def set_setting(self, key: str, value: str) -> None:
        """Keep a value."""
        documents.set_setting(self._database, key, value)

    def save_job(self, record: JobRecord) -> None:
        """Keep a job, in place of what was kept of the same submission."""
        jobs.save_job(self._database, record)

    def jobs(self) -> list[JobRecord]:
        """Return all jobs, the newest first."""
        return jobs.jobs(self._database)

    def delete_job(self, submission: str) -> None:
        """Forget a job and its events."""
        jobs.delete_job(self._database, submission)

    def add_events(self, submission: str, events: Sequence[JobEvent]) -> None:
        """Keep events of a job; those already known change nothing."""
        jobs.add_events(self._database, submission, events)

    def events(self, submission: str) -> list[JobEvent]:
        """Return the events of a job, the oldest first."""
        return jobs.events(self._database, submission)

    def save_document(self, kind: str, id: str, title: str, body: str) -> None:
        """Keep a text, in place of the one of the same kind and id."""
        documents.save_document(self._database, kind, id, title, body, self._clock())

    def documents(self, kind: str) -> list[Document]:
        """Return all texts of a kind, the newest first."""
        return documents.documents(self._database, kind)

    def delete_document(self, kind: str, id: str) -> None:
        """Remove a text."""
        documents.delete_document(self._database, kind, id)
