"""Edits of what is kept beside the words of conversations: tags, rating, use, the bin."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from desktop_app.state.examples.bulk_edit import BulkEdit, StepControl
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


@dataclass(frozen=True)
class Marks:
    """What is to change; None leaves a thing as it is. `rating` 0 takes it off."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    rating: int | None = None
    split: Split | None = None

    @property
    def is_empty(self) -> bool:
        return self == Marks()


class Marking(QObject):
    """Each kind of change is an undoable step of its own, however many conversations it is of."""

    def __init__(self, bulk: BulkEdit, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bulk = bulk

    def change(self, ids: Sequence[int], marks: Marks) -> bool:
        """Change these conversations; False, and nothing, while another large step runs."""
        if not ids or marks.is_empty:
            return False

        def step(project: Project, should_stop: StepControl) -> None:
            _change(project, ids, marks, should_stop)

        label = self.tr("Changing %Ln conversation(s)", "", len(ids))
        return self._bulk.run(label, step, ids)

    def delete(self, ids: Sequence[int]) -> bool:
        """Move these conversations into the bin; False, and nothing, as with `change`."""

        def step(project: Project, _should_stop: StepControl) -> None:
            project.delete(ids)

        label = self.tr("Moving %Ln conversation(s) to the bin", "", len(ids))
        return bool(ids) and self._bulk.run(label, step, ids, order_changed=True)

    def restore(self, ids: Sequence[int]) -> bool:
        """Take these conversations out of the bin; False, and nothing, as with `change`."""

        def step(project: Project, _should_stop: StepControl) -> None:
            project.restore(ids)

        label = self.tr("Restoring %Ln conversation(s)", "", len(ids))
        return bool(ids) and self._bulk.run(label, step, ids, order_changed=True)


def _change(project: Project, ids: Sequence[int], marks: Marks, should_stop: StepControl) -> None:
    for tag in marks.add:
        if not should_stop():
            project.set_tag(ids, tag, on=True)
    for tag in marks.remove:
        if not should_stop():
            project.set_tag(ids, tag, on=False)
    if marks.rating is not None and not should_stop():
        project.set_rating(ids, marks.rating)
    if marks.split is not None and not should_stop():
        project.set_split(ids, marks.split)
