"""The figures of the models side by side, and what they allow to say."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView

from desktop_app.core.evaluation.report import Verdict
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.evaluation.tables import FiguresTable
from desktop_app.ui.evaluate.figure_delegate import FigureDelegate
from desktop_app.ui.evaluate.verdict_texts import TONES, caution, exact_verdict, loss_verdict
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Card, label, set_tone

ROW = 36


class FiguresCard(Card):
    """Follows the report of the evaluation in front."""

    def __init__(self, evaluation: Evaluation, theme: Theme) -> None:
        super().__init__(margin=14, spacing=8)
        self._evaluation = evaluation
        self.figures = FiguresTable(evaluation, self)
        self.table = QTableView()
        self.table.setModel(self.figures)
        self.table.setItemDelegate(FigureDelegate(theme, self.table))
        self.table.setAccessibleName(self.tr("Figures of the models"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setShowGrid(False)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.table.setFixedHeight(3 * ROW + 4)
        self.loss = label("", wrap=True)
        self.exact = label("", wrap=True)
        self.caution = label("", "small", tone="warning", wrap=True)
        self.legend = label(self.tr("In grey: 95 % interval"), "small")
        for widget in (self.table, self.loss, self.exact, self.caution, self.legend):
            self.body.addWidget(widget)
        theme.changed.connect(self.table.viewport().update)
        evaluation.report_changed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        report, document = self._evaluation.report, self._evaluation.current
        if report is None or document is None or len(document.models) < 2:
            self._say(self.loss, "", "")
            self._say(self.exact, "", "")
            self._say(self.caution, "", "warning")
            return
        first, second = (model.name for model in document.models[:2])
        is_measured = any(each.n_replies for each in report.models)
        loss = loss_verdict(report.loss, first, second) if is_measured else ""
        self._say(self.loss, loss, _tone(report.loss.verdict))
        exact = exact_verdict(report.exact, first, second)
        self._say(self.exact, exact, _tone(report.exact.verdict))
        test_set = self._evaluation.test_set
        skipped = test_set.skipped if test_set is not None else 0
        self._say(self.caution, caution(report, skipped), "warning")

    def _say(self, line: QLabel, text: str, tone: str) -> None:
        line.setText(text)
        line.setVisible(bool(text))
        set_tone(line, tone)


def _tone(verdict: Verdict) -> str:
    return TONES.get(verdict, "")
