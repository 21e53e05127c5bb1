"""The edits of a project, each one undoable step in its history."""

from collections.abc import Callable, Collection, Iterable, Sequence

from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project import edits, importing, marks, past_texts, reshaping, splits
from desktop_app.storage.project.project_file import ProjectFile
from desktop_app.storage.project.rows import Split


class ProjectEdits(ProjectFile):
    """The part of a project that is undone and redone. A method that raises has changed nothing."""

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
        edits.delete(self._database, ids, self._clock())

    def restore(self, ids: Sequence[int]) -> None:
        """Take conversations out of the bin."""
        edits.restore(self._database, ids, self._clock())

    def bring_back(self, id: int, number: int) -> None:
        """Make a text of `history_of` the present one again. Raises KeyError."""
        past_texts.bring_back(self._database, id, number, self._clock())

    def divide(self, id: int, index: int) -> int:
        """Move the messages from an index on into a new conversation behind it; return its id.

        Raises KeyError, and ValueError where no message would be left on either side.
        """
        return reshaping.divide(self._database, id, index, self._clock())

    def join(self, ids: Sequence[int]) -> int:
        """Append the messages of all to the first, move the others to the bin.

        Returns the first's id. Raises KeyError, and ValueError for fewer than two, or where one
        but the last has two replies.
        """
        return reshaping.join(self._database, ids, self._clock())

    # What is said of them

    def set_split(self, ids: Sequence[int], split: Split) -> None:
        """Use conversations for training or keep them for the test."""
        splits.set_split(self._database, ids, split, self._clock())

    def assign_split(self, test_ids: Collection[int]) -> None:
        """Keep these for the test; all others become training."""
        splits.assign_split(self._database, test_ids, self._clock())

    def set_tag(self, ids: Sequence[int], tag: str, *, on: bool) -> None:
        """Put a tag on conversations, or take it off. Raises ValueError for ''."""
        marks.set_tag(self._database, ids, tag, on=on, at=self._clock())

    def rename_tag(self, old: str, new: str) -> None:
        """Give a tag another name, that of another tag too, which it then becomes part of."""
        marks.rename_tag(self._database, old, new, self._clock())

    def set_rating(self, ids: Sequence[int], stars: int) -> None:
        """Give conversations 1 to 5 stars, 0 for none. Raises ValueError."""
        marks.set_rating(self._database, ids, stars, self._clock())

    def set_note(self, id: int, text: str) -> None:
        """Write a note on a conversation, '' for none. Raises KeyError.

        Within 5 seconds of the last change of the same note it joins that step.
        """
        marks.set_note(self._database, id, text, self._clock())

    def accept(self, ids: Sequence[int], code: str, *, on: bool = True) -> None:
        """Say that advice of a kind is not to be followed here, or take that back."""
        marks.accept(self._database, ids, code, on=on, at=self._clock())

    def set_instructions(self, shared: SharedInstructions) -> None:
        """Keep the instructions that stand before the conversations of the project and its tags.

        Within 5 seconds of their last change it joins that step.
        """
        marks.set_instructions(self._database, shared, self._clock())

    # Many at once

    def import_conversations(
        self,
        conversations: Iterable[importing.Source],
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
