"""What an import could not read: row, reason, the row itself; what is to be done with it."""

from PySide6.QtCore import QLocale, QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QPlainTextEdit,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)
from typing_extensions import override

from desktop_app.state.examples.exchange.importing import ImportReport
from desktop_app.state.examples.exchange.rejected_rows import MEND, NUMBER, TEXT, WHY, RejectedRows
from desktop_app.ui.examples.exchange.preview_cards import PreviewCards
from desktop_app.ui.widgets.parts import button, column, isolated, label, row, set_tone

MEND_WIDTH = 96
WHY_WIDTH = 330


class IsolatingDelegate(QStyledItemDelegate):
    """Lays every cell out by the script that stands in it."""

    @override
    def displayText(self, value: object, locale: QLocale | QLocale.Language) -> str:
        return isolated(super().displayText(value, locale))


class ImportReportDialog(QDialog):
    """Asks, while an import waits (`is_question`), what to do with the rows it could not read.

    `decided` carries a Mending; being rejected means that nothing is to be imported. After an
    import it shows what was left out.
    """

    decided = Signal(object)
    read_otherwise = Signal()
    save_wanted = Signal()

    def __init__(
        self, report: ImportReport, parent: QWidget | None, *, is_question: bool = False
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Rows that could not be read"))
        self.resize(980, 620)
        self._report = report
        self._is_question = is_question
        self.rows = RejectedRows(report.rejected, can_mend=is_question, parent=self)
        self.rows.dataChanged.connect(self._show_choice)
        self._build_table()
        self._build_detail()
        self._build_buttons()
        self._lay_out()
        self.table.selectRow(0)
        self._show_choice()

    def _build_table(self) -> None:
        self.table = QTableView()
        self.table.setModel(self.rows)
        self.table.setItemDelegate(IsolatingDelegate(self.table))
        self.table.setAccessibleName(self.windowTitle())
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setColumnHidden(MEND, not (self._is_question and self._report.n_mendable))
        header = self.table.horizontalHeader()
        modes = QHeaderView.ResizeMode
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(NUMBER, modes.ResizeToContents)
        header.setSectionResizeMode(MEND, modes.Fixed)
        header.resizeSection(MEND, MEND_WIDTH)
        header.setSectionResizeMode(WHY, modes.Interactive)
        header.resizeSection(WHY, WHY_WIDTH)
        header.setSectionResizeMode(TEXT, modes.Stretch)
        self.table.selectionModel().currentRowChanged.connect(self._show_row)

    def _build_detail(self) -> None:
        self.why = label(kind="strong", wrap=True)
        self.raw = QPlainTextEdit()
        self.raw.setReadOnly(True)
        self.raw.setTabChangesFocus(True)
        self.raw.setAccessibleName(self.tr("What stands there"))
        self.mended = PreviewCards()
        self.mended_title = label(self.tr("MENDED IT IS"), "section")
        self.mend = button(self.tr("Mend this row"), "small")
        self.mend.clicked.connect(self._toggle)

    def _build_buttons(self) -> None:
        can_mend = self._is_question and self._report.n_mendable > 0
        may_reread = self._is_question or self._report.imported == 0
        self.otherwise = button(self.tr("Read it differently…"), "quiet")
        self.otherwise.clicked.connect(self.read_otherwise)
        self.otherwise.setVisible(may_reread)
        self.save = button(self.tr("Save this list…"), "quiet")
        self.save.clicked.connect(self.save_wanted)
        leave = self.tr("Cancel the import") if self._is_question else self.tr("Close")
        self.cancel = button(leave)
        self.cancel.clicked.connect(self.reject)
        self.mend_all = button(self.tr("Mend all (%Ln)", "", self._report.n_mendable))
        self.mend_all.clicked.connect(self.rows.tick_all)
        self.mend_all.setVisible(can_mend)
        self.go_on = button(self.tr("Import"), "primary")
        self.go_on.clicked.connect(self._decide)
        self.go_on.setVisible(self._is_question)

    def _lay_out(self) -> None:
        self.said = label(self._summary(), "strong", wrap=True)
        self.outcome = label(kind="muted", wrap=True)
        head = row(self.why, self.mend)
        head.setStretch(0, 1)
        left = column(label(self.tr("WHAT STANDS THERE"), "section"), self.raw, spacing=4)
        right = column(self.mended_title, self.mended, spacing=4)
        detail = row(spacing=12)
        detail.addLayout(left, 1)
        detail.addLayout(right, 1)
        layout = column(self.said, self.table, margin=18, spacing=10)
        layout.setStretch(1, 3)
        layout.addLayout(head)
        layout.addLayout(detail, 2)
        layout.addWidget(self.outcome)
        layout.addLayout(
            row(self.otherwise, self.save, None, self.cancel, self.mend_all, self.go_on)
        )
        self.setLayout(layout)

    def _summary(self) -> str:
        report = self._report
        left_out = report.n_rejected if self._is_question else report.left_out
        text = self.tr("%Ln row(s) of %1 could not be read.", "", left_out)
        if self._is_question and report.n_mendable:
            everything = report.n_mendable == left_out
            text += " " + (
                self.tr("A mend for each is evident.")
                if everything
                else self.tr("For %Ln row(s) a mend is evident.", "", report.n_mendable)
            )
        if report.left_out > len(report.rejected):
            text += " " + self.tr("The first %Ln are listed.", "", len(report.rejected))
        return text.replace("%1", isolated(report.name))

    @property
    def n_mended(self) -> int:
        """How many rows will be taken in mended."""
        mending = self.rows.mending
        return self._report.n_mendable if mending.everything else len(mending.places)

    @Slot()
    def _show_choice(self) -> None:
        if not self._is_question:
            self.outcome.setText(self.tr("These rows are not in the project."))
            return
        n_mended = self.n_mended
        n_left_out = self._report.n_rejected - n_mended
        if n_mended:
            text = self.tr("Import %Ln conversation(s)", "", self._report.imported + n_mended)
        else:
            text = self.tr("Import the rest (%Ln)", "", self._report.imported)
        self.go_on.setText(text)
        self.go_on.setEnabled(self._report.imported + n_mended > 0)
        self.mend_all.setEnabled(not self.rows.mending.everything)
        set_tone(self.mend_all, "" if self.go_on.isEnabled() else "primary")
        self.outcome.setText(
            self.tr("%Ln row(s) will be left out.", "", n_left_out)
            if n_left_out
            else self.tr("No row will be left out.")
        )
        self._show_row(self.table.currentIndex())

    @Slot(QModelIndex)
    def _show_row(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        place, rejected = index.row(), self.rows.row(index.row())
        self.why.setText(
            self.tr("Row %1: %2")
            .replace("%1", f"{rejected.number:,}")
            .replace("%2", isolated(rejected.detail))
        )
        self.raw.setPlainText(rejected.text)
        can_mend = self.rows.can_mend(place)
        self.mend.setVisible(can_mend)
        self.mend.setText(
            self.tr("Leave this row out")
            if self.rows.is_ticked(place)
            else self.tr("Mend this row")
        )
        self.mended.setVisible(can_mend)
        self.mended_title.setVisible(can_mend)
        self.mended.show_items([rejected.mended] if rejected.mended is not None else [])

    @Slot()
    def _toggle(self) -> None:
        place = self.table.currentIndex().row()
        self.rows.tick(place, on=not self.rows.is_ticked(place))

    @Slot()
    def _decide(self) -> None:
        self.decided.emit(self.rows.mending)
        self.accept()
