"""An evaluation as item models: the figures side by side, and the cases, worst first."""

import math

from PySide6.QtCore import (
    QAbstractListModel,
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Slot,
)
from typing_extensions import override

from desktop_app.core.evaluation.report import CaseLine, Estimate, ModelFigures
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.evaluation.evaluation import Evaluation

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
NONE = "–"


class FiguresTable(QAbstractTableModel):
    """A row a model. `DisplayRole` is the figure, `INTERVAL` what stands beside it in grey."""

    INTERVAL = int(Qt.ItemDataRole.UserRole)
    N_COLUMNS = 5

    def __init__(self, evaluation: Evaluation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._evaluation = evaluation
        self._rows: list[list[tuple[str, str]]] = []
        evaluation.report_changed.connect(self._fill)

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else self.N_COLUMNS

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        text, beside = self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == self.INTERVAL:
            return beside
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{text} {beside}".strip()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.N_COLUMNS:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Model"),
                self.tr("Surprise (perplexity)"),
                self.tr("How wrong (loss)"),
                self.tr("Word for word (exact)"),
                self.tr("Seconds a reply"),
            )[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "",
                self.tr("Among how many words it seems to choose, where the wanted reply has one."),
                self.tr("Per token of the wanted replies; 0 would be full certainty of each."),
                self.tr("Its likeliest reply is the wanted one, but for white space."),
                self.tr("On average, as measured here."),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    @Slot()
    def _fill(self) -> None:
        report, document = self._evaluation.report, self._evaluation.current
        self.beginResetModel()
        self._rows = []
        if report is not None and document is not None:
            self._rows = [
                self._row(model.name, figures)
                for model, figures in zip(document.models, report.models, strict=True)
            ]
        self.endResetModel()

    def _row(self, name: str, figures: ModelFigures) -> list[tuple[str, str]]:
        unmeasured = (NONE, self.tr("not offered by this service") if figures.n_replies else "")
        wrong = figures.n_problems
        return [
            (name, self.tr("{n} failed").format(n=wrong) if wrong else ""),
            _estimated(figures.perplexity, 1) or unmeasured,
            _estimated(figures.loss, 2) or unmeasured,
            self._exact(figures),
            (NONE if figures.seconds is None else f"{figures.seconds:.1f}", ""),
        ]

    def _exact(self, figures: ModelFigures) -> tuple[str, str]:
        share = figures.exact
        if share is None or share.low is None or share.high is None:
            return NONE, ""
        counted = self.tr("{n} of {all}").format(n=figures.n_exact, all=figures.n_replies)
        return counted, f"{share.low * 100:.0f} – {share.high * 100:.0f} %"


class CaseList(QAbstractListModel):
    """`DisplayRole` is the title; `LINE` the CaseLine itself."""

    SUBTITLE = int(Qt.ItemDataRole.UserRole)
    BADGE = SUBTITLE + 1
    TONE = SUBTITLE + 2
    LINE = SUBTITLE + 3

    def __init__(self, evaluation: Evaluation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._evaluation = evaluation
        self._lines: tuple[CaseLine, ...] = ()
        evaluation.report_changed.connect(self._fill)

    def position_of(self, key: str) -> int | None:
        """Where a case stands, if it is in the list."""
        return next((n for n, line in enumerate(self._lines) if line.case.key == key), None)

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.case.title
        if role == self.LINE:
            return line
        if role == self.SUBTITLE:
            return self._subtitle(line)
        if role == self.BADGE:
            return self._badge(line)
        if role == self.TONE:
            return self._tone(line)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join((line.case.title, self._subtitle(line), self._badge(line)))
        return None

    def _subtitle(self, line: CaseLine) -> str:
        first = line.outcomes[0]
        if first is not None and first.problem:
            return self.tr("no reply")
        if line.are_exact[0]:
            return self.tr("word for word")
        before = loss_of(line, 1)
        if before is None:
            return self.tr("other words")
        return self.tr("other words · {loss} before").format(loss=f"{before:.2f}")

    def _badge(self, line: CaseLine) -> str:
        loss = loss_of(line, 0)
        if loss is not None:
            return f"{loss:.2f}"
        if math.isinf(line.badness):
            return self.tr("failed")
        return self.tr("{n} % alike").format(n=round(100 * (1 - line.badness)))

    def _tone(self, line: CaseLine) -> str:
        loss, before = loss_of(line, 0), loss_of(line, 1)
        is_worse = loss is not None and before is not None and loss > before
        if math.isinf(line.badness) or is_worse:
            return "bad"
        return "good" if line.are_exact[0] else ""

    @Slot()
    def _fill(self) -> None:
        report = self._evaluation.report
        self.beginResetModel()
        self._lines = () if report is None else report.lines
        self.endResetModel()


def loss_of(line: CaseLine, model: int) -> float | None:
    """A model's loss per token on a case, if it was measured."""
    outcome = line.outcomes[model] if model < len(line.outcomes) else None
    scored = None if outcome is None else outcome.scored
    return scored.mean if scored is not None and scored.tokens else None


def problem_text(problem: str) -> str:
    """Why a model gave no reply, in words; as it came where a newer program wrote it."""
    try:
        return describe(ProviderError(ErrorKind(problem)))[0]
    except ValueError:
        return problem


def _estimated(estimate: Estimate | None, digits: int) -> tuple[str, str] | None:
    if estimate is None:
        return None
    if estimate.low is None or estimate.high is None:
        return rounded(estimate.value, digits), ""
    interval = f"{rounded(estimate.low, digits)} – {rounded(estimate.high, digits)}"
    return rounded(estimate.value, digits), interval


def rounded(value: float, digits: int) -> str:
    """A figure with so many digits after the point, none from 1,000 on, a true minus sign."""
    if math.isinf(value):
        return "∞"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"
    return text.replace("-", "−")
