"""The project: what the rest of the program asks of its file."""

from array import array
from collections.abc import Callable, Iterator, Sequence

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project import (
    history,
    instructions,
    listing,
    marks,
    past_texts,
    search,
)
from desktop_app.storage.project.project_edits import ProjectEdits
from desktop_app.storage.project.project_keeping import ProjectKeeping
from desktop_app.storage.project.project_versions import ProjectVersions
from desktop_app.storage.project.rows import (
    ConversationRow,
    Counts,
    Facets,
    Filter,
    HistoryEntry,
    PastText,
    Split,
    Touched,
)

ALL = Filter()


class Project(ProjectEdits, ProjectKeeping, ProjectVersions):
    """One open project file, of the thread that opened it. Every method raises ProjectError.

    A worker opens its own with `shared=True`. Whatever a method wrote is on disk when it returns,
    and a method that raises has changed nothing.
    """

    # Reading

    def ids(self, where: Filter = ALL) -> "array[int]":
        """Return the ids of what a filter shows, in the order asked for."""
        if where.text:
            return array("Q", self.search(where, limit=None, stop=lambda: False))
        return listing.ids(self._database, where)

    def search(
        self, where: Filter, *, limit: int | None, stop: Callable[[], bool]
    ) -> Iterator[int]:
        """Yield ids as they are found, in the order asked for, until `stop` answers yes."""
        return search.search(self._database, where, limit=limit, stop=stop)

    def rows(self, ids: Sequence[int], encoding: str) -> list[ConversationRow]:
        """Return what a list paints, from the bin too; ids that are not there are left out."""
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

    def as_trained(self, split: Split | None = None) -> Iterator[tuple[int, Conversation]]:
        """Yield (id, conversation) with the shared instructions before it, in the list's order."""
        return listing.as_trained(self._database, split)

    def counts(self, refused_traits: int = 0) -> Counts:
        """Count the conversations of each kind; a problem is what blocks, or one of the traits."""
        return listing.counts(self._database, refused_traits)

    def most_conversations(self) -> int:
        """Return a number that the conversations are not more than, found at once."""
        return listing.most_conversations(self._database)

    def facets(self) -> Facets:
        """Return what the conversations can be filtered by."""
        return listing.facets(self._database)

    def tags(self) -> tuple[str, ...]:
        """Return the tags of conversations that are live, in the order of the alphabet."""
        return marks.tags(self._database)

    def note(self, id: int) -> str:
        """Return the note on a conversation, '' if there is none."""
        return marks.note(self._database, id)

    def accepted(self, id: int) -> frozenset[str]:
        """Return the kinds of advice that are not to be followed."""
        return marks.accepted(self._database, id)

    def instructions(self) -> SharedInstructions:
        """Return the instructions that stand before the conversations."""
        return instructions.instructions(self._database)

    def history_of(self, id: int) -> list[PastText]:
        """Return the texts of a conversation, the newest first, that of now among them.

        Undone ones are there too. Raises KeyError.
        """
        return past_texts.history_of(self._database, id)

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
        return history.step(self._database, entry, self._clock()) if entry else None

    def redo(self) -> Touched | None:
        """Make the step again that was undone last; None if there is none."""
        entry = self.redo_entry()
        return history.step(self._database, entry, self._clock()) if entry else None
