"""What is wrong in the whole set, kind by kind, with the way to each and mends for all at once."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from desktop_app.core.examples.advice.mask import MASKED
from desktop_app.core.examples.advice.set_finding import CODES_OF_THE_SET, SetFinding
from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.examples.problem_kinds import ProblemKind, mending_all, problem_filter
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.examples.finding_texts import (
    fix_label_of,
    kind_name,
    set_reason_of,
    set_title_of,
)
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row, scrolling


class KindCard(Card):
    """One kind of finding: what it is, in how many, and what can be done about all of them."""

    show_wanted = Signal(object, str)
    mend_wanted = Signal(str)

    def __init__(self, title: str, reason: str, *, blocks: bool) -> None:
        super().__init__(tone="bad" if blocks else "", margin=12, spacing=6)
        self._title = title
        self._where = Filter()
        self._code = ""
        self.body.addWidget(label(title, "strong", wrap=True))
        if reason:
            self.body.addWidget(label(reason, "small", wrap=True))
        self._buttons = row(spacing=6)
        self.body.addLayout(self._buttons)

    def add_count(self, text: str) -> None:
        """Say in how many conversations."""
        self._buttons.addWidget(chip(text))

    def add_way(self, text: str, where: Filter) -> None:
        """Offer to show these conversations in the list."""
        self._where = where
        self.show_button = button(text, "small")
        self.show_button.clicked.connect(self._show_them)
        self._buttons.addWidget(self.show_button)

    def add_mend(self, text: str, code: str) -> None:
        """Offer to mend them all."""
        self._code = code
        self.mend_button = button(text, "small")
        self.mend_button.clicked.connect(self._mend)
        self._buttons.addWidget(self.mend_button)

    def finish(self) -> None:
        """Leave the rest of the line of buttons empty."""
        self._buttons.addStretch(1)

    @Slot()
    def _show_them(self) -> None:
        self.show_wanted.emit(self._where, self._title)

    @Slot()
    def _mend(self) -> None:
        self.mend_wanted.emit(self._code)


class SetCheckDialog(QDialog):
    """Follows the checks while it is open. `filter_wanted` carries what the list is to show."""

    filter_wanted = Signal(object, str)

    def __init__(self, desk: ExamplesDesk, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Check the whole set"))
        self.resize(620, 680)
        self._checks, self._problems = desk.checks, desk.problems
        self._facets = desk.conversations.facets
        self._rules, self._bulk, self._open_project = desk.rules, desk.bulk, desk.open_project
        self.said = label(kind="muted", wrap=True)
        self.mend_all = button(self.tr("Mend all that is evident"), "primary")
        self.mend_all.clicked.connect(self._mend_all)
        self._blocking = QVBoxLayout()
        self._advice = QVBoxLayout()
        self._lay_out()
        self._follow()
        self._problems.refresh()
        self._facets.refresh()
        self._show()

    def _follow(self) -> None:
        self._checks.findings_changed.connect(self._show)
        self._checks.changed.connect(self._show_state)
        self._checks.advice_stored.connect(self._facets.refresh)
        self._problems.changed.connect(self._show)
        self._facets.arrived.connect(self._show)
        self._open_project.changed.connect(self._problems.refresh)
        self._open_project.closing.connect(self.reject)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = column(margin=0, spacing=10)
        for title, part in (
            (self.tr("WHAT A SERVICE WOULD REFUSE"), self._blocking),
            (self.tr("ADVICE"), self._advice),
        ):
            part.setSpacing(9)
            layout.addWidget(label(title, "section"))
            layout.addLayout(part)
            layout.addSpacing(8)
        layout.addStretch(1)
        inside.setLayout(layout)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        outer = column(self.said, scrolling(inside), margin=18, spacing=12)
        outer.addLayout(row(None, self.mend_all, close))
        self.setLayout(outer)

    def cards(self) -> list[KindCard]:
        """What is shown now, what blocks first."""
        return [*_cards_in(self._blocking), *_cards_in(self._advice)]

    # Showing

    @Slot()
    def _show(self) -> None:
        found = self._checks.findings
        blocking = [self._of_set(finding) for finding in found if finding.severity == BLOCKS]
        blocking += [self._of_problem(kind) for kind in self._problems.kinds]
        advice = [self._of_set(finding) for finding in found if finding.severity == ADVICE]
        shown = {finding.filter_code for finding in found} | CODES_OF_THE_SET
        advice += [
            self._of_code(code, n) for code, n in self._facets.facets.codes if code not in shown
        ]
        _fill(self._blocking, blocking, self.tr("Nothing that a service would refuse."))
        _fill(self._advice, advice, self.tr("Nothing to advise."))
        self.mend_all.setEnabled(any(kind.mendable for kind in self._problems.kinds))
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        progress = self._checks.progress
        if self._checks.error is not None:
            text = self.tr("The checks had to stop: the project cannot be read or written.")
        elif progress is not None:
            text = self.tr("Looking: %1 of %2 conversations.")
            text = text.replace("%1", f"{progress.done:,}").replace("%2", f"{progress.total:,}")
        elif not self._checks.is_current:
            text = self.tr("Looking is about to begin.")
        else:
            text = self.tr("All %Ln conversation(s) were looked at.", "", self._total())
        self.said.setText(text)

    def _total(self) -> int:
        return self._open_project.counts.conversations

    def _of_set(self, finding: SetFinding) -> KindCard:
        blocks = finding.severity == BLOCKS
        card = self._card(set_title_of(finding), set_reason_of(finding), blocks=blocks)
        if finding.filter_code:
            card.add_way(self.tr("Show them"), Filter(code=finding.filter_code))
        card.finish()
        return card

    def _of_problem(self, kind: ProblemKind) -> KindCard:
        finding = kind.finding
        card = self._card(kind_name(finding.code), "", blocks=True)
        card.add_count(self.tr("%Ln conversation(s)", "", kind.conversations))
        card.add_way(self.tr("Show all with problems"), problem_filter(self._rules.rules))
        if kind.mendable:
            text = f"{fix_label_of(finding)} ({kind.mendable:,})"
            card.add_mend(text, finding.code)
        card.finish()
        return card

    def _of_code(self, code: str, count: int) -> KindCard:
        finding = Finding(code, ADVICE)
        card = self._card(kind_name(code), "", blocks=False)
        card.add_count(self.tr("%Ln conversation(s)", "", count))
        card.add_way(self.tr("Show them"), Filter(code=code))
        if code in MASKED:
            card.add_mend(self.tr("Mask in all"), code)
        elif fix_label_of(finding):
            card.add_mend(self.tr("%1 in all").replace("%1", fix_label_of(finding)), code)
        card.finish()
        return card

    def _card(self, title: str, reason: str, *, blocks: bool) -> KindCard:
        card = KindCard(title, reason, blocks=blocks)
        card.show_wanted.connect(self._show_in_list)
        card.mend_wanted.connect(self._mend)
        return card

    # Doing

    @Slot(object, str)
    def _show_in_list(self, where: Filter, title: str) -> None:
        self.filter_wanted.emit(where, title)
        self.accept()

    @Slot(str)
    def _mend(self, code: str) -> None:
        self._checks.apply_to_all(code)

    @Slot()
    def _mend_all(self) -> None:
        self._bulk.run(self.tr("Mending all that is evident"), mending_all(self._rules.rules))


def _cards_in(part: QVBoxLayout) -> list[KindCard]:
    items = (part.itemAt(place) for place in range(part.count()))
    widgets = (item.widget() for item in items if item is not None)
    return [widget for widget in widgets if isinstance(widget, KindCard)]


def _fill(part: QVBoxLayout, cards: Sequence[KindCard], nothing: str) -> None:
    while (item := part.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
    for card in cards:
        part.addWidget(card)
    if not cards:
        part.addWidget(label(nothing, "muted", wrap=True))
