"""The menus of the filter bar: each changes one condition of a filter."""

import dataclasses
from collections.abc import Collection, Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from desktop_app.storage.project.rows import Facets, Filter
from desktop_app.ui.examples.choose_dialog import ChooseDialog
from desktop_app.ui.examples.language_names import language_name
from desktop_app.ui.widgets.button_text import in_button
from desktop_app.ui.widgets.parts import isolated

MOST = 20
"""Entries that a menu shows; the rest is in a dialog that can be searched."""

LENGTHS: tuple[tuple[int, int | None], ...] = (
    (0, 499), (500, 1_999), (2_000, 9_999), (10_000, None),
)  # fmt: skip
"""In characters, both ends included."""

Entry = tuple[str, object]
"""What stands in a menu, and the value that it gives the condition."""


class FacetButton(QPushButton):
    """A chip that opens a menu of values of one field of the filter."""

    chosen = Signal(str, object)

    def __init__(self, title: str, field: str) -> None:
        super().__init__(f"{title} ▾")
        self.setProperty("kind", "filter")
        self.setAccessibleName(self.tr("Filter by: %1").replace("%1", title))
        self.field = field
        self._entries: Sequence[Entry] = ()
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)

        menu.setTitle(title)

    def offer(self, entries: Sequence[Entry]) -> None:
        """Take what there is to choose from."""
        self._entries = entries

    @property
    def is_of_use(self) -> bool:
        """Whether there is a choice; the only tag still leaves out what has none."""
        return len(self._entries) > (0 if self.field == "tag" else 1)

    @Slot()
    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        for text, value in self._entries[:MOST]:
            action = menu.addAction(in_button(text))
            action.setData(value)
            action.triggered.connect(self._choose)
        if len(self._entries) > MOST:
            menu.addSeparator()
            more = menu.addAction(self.tr("All %Ln…", "", len(self._entries)))
            more.triggered.connect(self._choose_from_all)

    @Slot()
    def _choose(self) -> None:
        sender: QObject = self.sender()
        if isinstance(sender, QAction):
            self.chosen.emit(self.field, sender.data())

    @Slot()
    def _choose_from_all(self) -> None:
        dialog = ChooseDialog(self.accessibleName(), self._entries, self.window())
        dialog.chosen.connect(self._take)
        dialog.open()

    @Slot(object)
    def _take(self, value: object) -> None:
        self.chosen.emit(self.field, value)


class FacetButtons(QWidget):
    """All of them, and the words for a condition that is set. Itself never shown.

    `shown` are the two chips: the tags, and `more` with the menus of all the others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tag = FacetButton(self.tr("Tag"), "tag")
        self.language = FacetButton(self.tr("Language"), "language")
        self.length = FacetButton(self.tr("Length"), "length")
        self.source = FacetButton(self.tr("Source"), "source")
        self.rating = FacetButton(self.tr("Rating"), "least_rating")
        self.all = (self.tag, self.language, self.length, self.source, self.rating)
        self.more = self._more_button()
        self.shown = (self.tag, self.more)
        self.length.offer([(self._length_text(*each), each) for each in LENGTHS])
        self.rating.offer([(self._rating_text(n), n) for n in (5, 4, 3, 2, 1)])

    def _more_button(self) -> QPushButton:
        result = QPushButton(self.tr("More ▾"))
        result.setProperty("kind", "filter")
        result.setAccessibleName(self.tr("More filters"))
        menu = QMenu(result)
        for facet in self.all[1:]:
            facet.setParent(self)
            menu.addMenu(facet.menu())
        result.setMenu(menu)
        return result

    def leave_out(self, fields: Collection[str]) -> None:
        """Offer what is of use and not among the fields that are set."""
        offered = [each for each in self.all if each.is_of_use and each.field not in fields]
        for each in self.all:
            each.menu().menuAction().setVisible(each in offered)
        self.tag.setVisible(self.tag in offered)
        self.more.setVisible(any(each is not self.tag for each in offered))

    def take(self, facets: Facets) -> None:
        """Offer what is in the project."""
        self.tag.offer([(self._counted(tag, n), tag) for tag, n in facets.tags])
        known = [(code, n) for code, n in facets.languages if code]
        self.language.offer([(self._counted(language_name(code), n), code) for code, n in known])
        named = [(source, n) for source, n in facets.sources if source]
        self.source.offer([(self._counted(source, n), source) for source, n in named])

    def conditions(self, where: Filter) -> list[tuple[str, str]]:
        """The conditions that are set: field, and how its chip is worded."""
        found = []
        if where.tag:
            found.append(("tag", where.tag))
        if where.language:
            found.append(("language", language_name(where.language)))
        if where.shortest or where.longest is not None:
            found.append(("length", self._length_text(where.shortest, where.longest)))
        if where.source:
            found.append(("source", where.source))
        if where.least_rating:
            found.append(("least_rating", self._rating_text(where.least_rating)))
        return found

    def _counted(self, text: str, n: int) -> str:
        return self.tr("%1 (%L2)").replace("%L2", f"{n:,}").replace("%1", isolated(text))

    def _length_text(self, shortest: int, longest: int | None) -> str:
        if longest is None:
            text = self.tr("%L1 characters or more")
        elif shortest == 0:
            text = self.tr("fewer than %L2 characters")
        else:
            text = self.tr("%L1 to %L2 characters")
        return text.replace("%L1", f"{shortest:,}").replace("%L2", f"{(longest or 0) + 1:,}")

    def _rating_text(self, rating: int) -> str:
        texts = {1: self.tr("Any stars"), 5: self.tr("5 stars")}
        return texts.get(rating, self.tr("%1 or more stars").replace("%1", str(rating)))


def changed(where: Filter, field: str, value: object) -> Filter:
    """Return a filter with another value of a condition; None takes the condition off."""
    if field == "length":
        shortest, longest = value if isinstance(value, tuple) else (0, None)
        return dataclasses.replace(where, shortest=shortest, longest=longest)
    defaults: dict[str, object] = {"least_rating": 0}
    taken = defaults.get(field, "") if value is None else value
    return dataclasses.replace(where, **{field: taken})  # type: ignore[arg-type]  # by its name
