"""The test set as Examples, Cost and Evaluate choose it: all of them in one way."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.choosing_test_set import choosing_share, choosing_tag
from desktop_app.state.examples.set_advice import TextFacts


class TestSet(QObject):
    """Chooses on a worker, as one step that can be undone; False while another step runs.

    `known` returns what has been found out about the texts already, near duplicates among it.
    """

    __test__ = False  # Its name is no test's.

    def __init__(
        self,
        bulk: BulkEdit,
        known: Callable[[], TextFacts | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bulk = bulk
        self._known = known

    def choose_share(self, share: float, *, keep_held: bool = False) -> bool:
        """Hold out a share of each tag, near duplicates on one side.

        With `keep_held` what is held out already stays so, and only what is missing is added.
        """
        step = choosing_share(share, keep_held=keep_held, known=self._known())
        return self._bulk.run(self.tr("Choosing the test set"), step)

    def choose_tag(self, tag: str) -> bool:
        """Hold out all conversations with a tag, and no others."""
        return self._bulk.run(self.tr("Choosing the test set"), choosing_tag(tag))
