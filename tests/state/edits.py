"""Steps of an open project as the window makes them, without the window."""

from collections.abc import Sequence

from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Split


def delete(opened: OpenProject, ids: Sequence[int]) -> None:
    """Move conversations into the bin."""
    opened.edit(lambda project: project.delete(ids), ids, order_changed=True)


def set_split(opened: OpenProject, ids: Sequence[int], split: Split) -> None:
    """Use conversations for training or keep them for the test."""
    opened.edit(lambda project: project.set_split(ids, split), ids)
