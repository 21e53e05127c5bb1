"""Tags, rating and use of many conversations at once."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QDialog, QRadioButton, QWidget

from desktop_app.state.examples.marking import Marking, Marks
from desktop_app.storage.project.rows import Facets, Split
from desktop_app.ui.widgets.field_grid import field_grid
from desktop_app.ui.widgets.parts import button, column, row
from desktop_app.ui.widgets.tag_chips import TagChips

KEEP = -1
WIDTH = 440


class TagsDialog(QDialog):
    """For the conversations that are selected, or all that the list shows."""

    def __init__(
        self,
        marking: Marking,
        facets: Facets,
        selected: Sequence[int],
        found: Sequence[int],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Tags and rating"))
        self.setMinimumWidth(WIDTH)
        self._marking = marking
        self._selected = selected
        self._found = found
        self._add: list[str] = []
        self._remove: list[str] = []
        self._make_whose()
        self._make_fields([tag for tag, _ in facets.tags])
        self.apply = button("", "primary")
        self.apply.setDefault(True)
        self.apply.clicked.connect(self._apply)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        layout = column(self.of_selected, self.of_found, margin=20, spacing=8)
        layout.addSpacing(6)
        layout.addLayout(field_grid(self._fields(), spacing=12))
        layout.addSpacing(6)
        layout.addLayout(row(None, cancel, self.apply))
        self.setLayout(layout)
        self._follow()

    def _make_whose(self) -> None:
        n, all_n = len(self._selected), len(self._found)
        self.of_selected = QRadioButton(self.tr("The %Ln selected conversation(s)", "", n))
        self.of_found = QRadioButton(self.tr("All %Ln conversation(s) in the list", "", all_n))
        self._whose = QButtonGroup(self)
        self._whose.addButton(self.of_selected)
        self._whose.addButton(self.of_found)
        self.of_selected.setEnabled(n > 0)
        (self.of_selected if n else self.of_found).setChecked(True)
        self._whose.buttonToggled.connect(self._follow)

    def _make_fields(self, known: Sequence[str]) -> None:
        self.add = TagChips()
        self.remove = TagChips(self.tr("Choose a tag…"))
        for chips in (self.add, self.remove):
            chips.offer(known)
        self.add.added.connect(self._add_tag)
        self.add.removed.connect(self._keep_tag)
        self.remove.added.connect(self._remove_tag)
        self.remove.removed.connect(self._keep_tag)
        self.rating = QComboBox()
        self.rating.addItem(self.tr("Leave as it is"), KEEP)
        self.rating.addItem(self.tr("No stars"), 0)
        for stars in range(1, 6):
            self.rating.addItem(self.tr("%n star(s)", "", stars), stars)
        self.split = QComboBox()
        self.split.addItem(self.tr("Leave as it is"), KEEP)
        self.split.addItem(self.tr("Training"), Split.TRAINING)
        self.split.addItem(self.tr("Test (held out)"), Split.TEST)
        for box in (self.rating, self.split):
            box.currentIndexChanged.connect(self._follow)

    def _fields(self) -> list[tuple[str, QWidget]]:
        return [
            (self.tr("Add tags"), self.add), (self.tr("Remove tags"), self.remove),
            (self.tr("Quality"), self.rating), (self.tr("Used for"), self.split),
        ]  # fmt: skip

    @property
    def ids(self) -> Sequence[int]:
        """The conversations that are to change."""
        return self._selected if self.of_selected.isChecked() else self._found

    @property
    def marks(self) -> Marks:
        """What is to change of them."""
        rating, split = self.rating.currentData(), self.split.currentData()
        return Marks(
            tuple(self._add),
            tuple(self._remove),
            None if rating == KEEP else rating,
            None if split == KEEP else Split(split),
        )

    @Slot()
    def _follow(self) -> None:
        self.apply.setText(self.tr("Change %Ln conversation(s)", "", len(self.ids)))
        self.apply.setEnabled(len(self.ids) > 0 and not self.marks.is_empty)

    @Slot(str)
    def _add_tag(self, tag: str) -> None:
        self._keep_tag(tag)
        self._add.append(tag)
        self._show_tags()

    @Slot(str)
    def _remove_tag(self, tag: str) -> None:
        self._keep_tag(tag)
        self._remove.append(tag)
        self._show_tags()

    @Slot(str)
    def _keep_tag(self, tag: str) -> None:
        for tags in (self._add, self._remove):
            if tag in tags:
                tags.remove(tag)
        self._show_tags()

    def _show_tags(self) -> None:
        self.add.show_tags([(tag, 1) for tag in self._add], 1)
        self.remove.show_tags([(tag, 1) for tag in self._remove], 1)
        self._follow()

    @Slot()
    def _apply(self) -> None:
        self._marking.change(self.ids, self.marks)
        self.accept()
