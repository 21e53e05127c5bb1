"""What the project keeps beside the words of the selected conversations, and where it is edited."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.edited_note import EditedNote
from desktop_app.state.examples.facets import ProjectFacets
from desktop_app.state.examples.marking import Marking, Marks
from desktop_app.state.examples.selection import Selection, Summary
from desktop_app.storage.project.rows import Split
from desktop_app.ui.examples.language_names import language_name
from desktop_app.ui.examples.note_box import NoteBox
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.field_grid import field_grid
from desktop_app.ui.widgets.parts import column, label
from desktop_app.ui.widgets.star_rating import StarRating
from desktop_app.ui.widgets.tag_chips import TagChips


class DetailsPanel(QWidget):
    """Follows the selection: what is edited here is edited of all that are selected."""

    def __init__(
        self,
        selection: Selection,
        note: EditedNote,
        marking: Marking,
        bulk: BulkEdit,
        facets: ProjectFacets,
        theme: Theme,
    ) -> None:
        super().__init__()
        self._selection = selection
        self._note = note
        self._marking = marking
        self._facets = facets
        self._token_limit: int | None = None
        self.heading = label(kind="section")
        self._make_fields(theme)
        self.note = NoteBox(note)
        layout = column(self.heading, spacing=10)
        layout.addLayout(field_grid(self._fields()))
        layout.addSpacing(8)
        layout.addWidget(label(self.tr("NOTES"), "section"))
        layout.addWidget(self.note)
        self.setLayout(layout)
        selection.ids_changed.connect(self._take_ids)
        selection.summary_changed.connect(self._show)
        facets.arrived.connect(self._offer_tags)
        bulk.busy_changed.connect(self.setDisabled)
        self._take_ids()
        self._show()

    def set_token_limit(self, limit: int | None) -> None:
        """Say beside the tokens how many the model reads at once, if that is known."""
        self._token_limit = limit
        self._show()

    def _make_fields(self, theme: Theme) -> None:
        self.split = QComboBox()
        self.split.addItem(self.tr("Training"), Split.TRAINING)
        self.split.addItem(self.tr("Test (held out)"), Split.TEST)
        self.split.setMinimumContentsLength(6)
        self.split.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.split.activated.connect(self._choose_split)
        self.tags = TagChips()
        self.tags.added.connect(self._add_tag)
        self.tags.removed.connect(self._remove_tag)
        self.rating = StarRating(theme)
        self.rating.rated.connect(self._rate)
        self.tokens = label(wrap=True)
        self.language = label(wrap=True)
        # A name of a file has no spaces: it gives way, or the panel would be as wide as it is.
        self.source = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)

    def _fields(self) -> list[tuple[str, QWidget]]:
        return [
            (self.tr("Used for"), self.split), (self.tr("Tags"), self.tags),
            (self.tr("Quality"), self.rating), (self.tr("Tokens"), self.tokens),
            (self.tr("Language"), self.language), (self.tr("Source"), self.source),
        ]  # fmt: skip

    # What is shown

    @Slot()
    def _take_ids(self) -> None:
        ids = self._selection.ids
        self._note.show(ids[0] if len(ids) == 1 else None)
        if len(ids) > 1:
            self.heading.setText(self.tr("%Ln conversation(s)", "", len(ids)).upper())
        else:
            self.heading.setText(self.tr("THIS CONVERSATION"))
        self.note.take_number(len(ids))

    @Slot()
    def _show(self) -> None:
        summary = self._selection.summary
        for field in (self.split, self.tags, self.rating):
            field.setEnabled(summary is not None)
        if summary is None:
            self._show_nothing()
            return
        self.split.setPlaceholderText(self.tr("mixed"))
        self.split.setCurrentIndex(-1 if summary.split is None else int(summary.split))
        self.tags.show_tags(summary.tags, summary.conversations)
        self.rating.show_rating(summary.rating)
        self.tokens.setText(self._tokens_text(summary))
        mixed = self.tr("mixed")
        code = summary.language
        self.language.setText(mixed if code is None else language_name(code))
        self._show_source(summary)

    def _show_nothing(self) -> None:
        self.split.setPlaceholderText("")
        self.split.setCurrentIndex(-1)
        self.tags.show_tags((), 0)
        self.rating.show_rating(0)
        text = ""
        if self._selection.is_reading:
            text = self.tr("reading…")
        elif len(self._selection.ids) > 0:
            text = self.tr("Too many to compare. Edit them by Examples › Tags and rating.")
        self.tokens.setText(text)
        self.language.setText("")
        self.source.show_text("")

    def _tokens_text(self, summary: Summary) -> str:
        if summary.uncounted:
            return self.tr("counting…")
        if summary.conversations == 1 and self._token_limit is not None:
            text = self.tr("%L1 of %L2").replace("%L2", f"{self._token_limit:,}")
            return text.replace("%L1", f"{summary.tokens:,}")
        text = self.tr("%L1 in all") if summary.conversations > 1 else "%L1"
        return text.replace("%L1", f"{summary.tokens:,}")

    def _show_source(self, summary: Summary) -> None:
        if summary.source is None:
            self.source.show_text(self.tr("mixed"))
        elif not summary.source:
            self.source.show_text(self.tr("Written here"))
        elif summary.source_row:
            words = self.tr("%1, row %L2").replace("%L2", f"{summary.source_row:,}")
            self.source.show_text(summary.source, words)
        else:
            self.source.show_text(summary.source)

    @Slot()
    def _offer_tags(self) -> None:
        self.tags.offer([tag for tag, _ in self._facets.facets.tags])

    # What its user does

    @Slot(int)
    def _choose_split(self, _position: int) -> None:
        self._change(Marks(split=Split(self.split.currentData())))

    @Slot(str)
    def _add_tag(self, tag: str) -> None:
        self._change(Marks(add=(tag,)))

    @Slot(str)
    def _remove_tag(self, tag: str) -> None:
        self._change(Marks(remove=(tag,)))

    @Slot(int)
    def _rate(self, stars: int) -> None:
        self._change(Marks(rating=stars))

    def _change(self, marks: Marks) -> None:
        self._marking.change(self._selection.ids, marks)
