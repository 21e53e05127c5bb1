"""What is wrong in the whole set, kind by kind, with the way to each and mends for all at once."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

from desktop_app.core.examples.advice.mask import MASKED
from desktop_app.core.examples.advice.set_finding import CODES_OF_THE_SET, SetFinding
from desktop_app.core.examples.checks import ADVICE, BLOCKS, Finding
from desktop_app.core.examples.rules import DPO, SUPERVISED
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.examples.problem_kinds import ProblemKind, mending_all, problem_filter
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.examples.dialogs.kind_card import Kind, KindCard, KindList
from desktop_app.ui.examples.finding_texts import (
    fix_label_of,
    kind_name,
    set_reason_of,
    set_title_of,
)
from desktop_app.ui.examples.step_line import StepLine
from desktop_app.ui.widgets.parts import button, column, label, row, scrolling


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
        self.method = self._method_box()
        self.mend_all = button(self.tr("Mend all that is evident"), "primary")
        self.mend_all.clicked.connect(self._mend_all)
        self._blocking = KindList(self.tr("Nothing that a service would refuse."))
        self._advice = KindList(self.tr("Nothing to advise."))
        self._lay_out()
        self._follow()
        self._problems.refresh()
        self._facets.refresh()
        self._show()

    def _method_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("What is learned"))
        box.addItem(self.tr("As most examples are"), "")
        box.addItem(self.tr("Replies (supervised)"), SUPERVISED)
        box.addItem(self.tr("Which reply is preferred (DPO)"), DPO)
        box.setCurrentIndex(box.findData(self._rules.wished_method))
        box.activated.connect(self._choose_method)
        return box

    def _follow(self) -> None:
        self._checks.findings_changed.connect(self._show)
        self._checks.changed.connect(self._show_state)
        self._problems.changed.connect(self._show)
        # What changed while it was read is read again.
        self._problems.arrived.connect(self._problems.refresh)
        self._facets.arrived.connect(self._show)
        self._rules.changed.connect(self._problems.refresh)
        self._open_project.changed.connect(self._problems.refresh)
        self._open_project.busy_changed.connect(self._enable)
        self._open_project.closing.connect(self.reject)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = column(margin=0, spacing=10)
        for title, part in (
            (self.tr("WHAT A SERVICE WOULD REFUSE"), self._blocking),
            (self.tr("ADVICE"), self._advice),
        ):
            part.show_wanted.connect(self._show_in_list)
            part.mend_wanted.connect(self._mend)
            layout.addWidget(label(title, "section"))
            layout.addWidget(part)
            layout.addSpacing(8)
        layout.addStretch(1)
        inside.setLayout(layout)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        outer = column(margin=18, spacing=12)
        outer.addLayout(row(label(self.tr("What is learned"), "muted"), self.method, None))
        outer.addWidget(self.said)
        outer.addWidget(scrolling(inside))
        outer.addWidget(StepLine(self._bulk))
        outer.addLayout(row(None, self.mend_all, close))
        self.setLayout(outer)

    def cards(self) -> list[KindCard]:
        """What is shown now, what blocks first."""
        return [*self._blocking.cards, *self._advice.cards]

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
        self._blocking.show_kinds(blocking)
        self._advice.show_kinds(advice)
        self._enable()
        self._show_state()

    @Slot()
    def _enable(self) -> None:
        is_free = not self._open_project.is_busy
        any_mendable = any(kind.mendable for kind in self._problems.kinds)
        self.mend_all.setEnabled(is_free and any_mendable)
        for card in self.cards():
            card.mend_button.setEnabled(is_free)

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

    def _of_set(self, finding: SetFinding) -> Kind:
        where = Filter(code=finding.filter_code) if finding.filter_code else None
        return Kind(
            set_title_of(finding),
            finding.code,
            finding.severity == BLOCKS,
            reason=set_reason_of(finding),
            way=self.tr("Show them"),
            where=where,
        )

    def _of_problem(self, kind: ProblemKind) -> Kind:
        finding = kind.finding
        mend = f"{fix_label_of(finding)} ({kind.mendable:,})" if kind.mendable else ""
        return Kind(
            kind_name(finding.code),
            finding.code,
            blocks=True,
            count=self.tr("%Ln conversation(s)", "", kind.conversations),
            way=self.tr("Show all with problems"),
            where=problem_filter(self._rules.rules),
            mend=mend,
        )

    def _of_code(self, code: str, count: int) -> Kind:
        fix_label = fix_label_of(Finding(code, ADVICE))
        if code in MASKED:
            mend = self.tr("Mask in all")
        else:
            mend = self.tr("%1 in all").replace("%1", fix_label) if fix_label else ""
        return Kind(
            kind_name(code),
            code,
            blocks=False,
            count=self.tr("%Ln conversation(s)", "", count),
            way=self.tr("Show them"),
            where=Filter(code=code),
            mend=mend,
        )

    # Doing

    @Slot()
    def _choose_method(self) -> None:
        self._rules.set_method(self.method.currentData())

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
