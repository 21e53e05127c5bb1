"""What an import could not read: line, reason, and the line itself."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from desktop_app.state.examples.file_exchange import ImportReport
from desktop_app.ui.widgets.parts import button, column, label, row

WHY_WIDTH = 460
PREVIEW = 200
"""Characters of a line that a table can paint quickly."""


class ImportReportDialog(QDialog):
    """Shows the rejected lines of one import."""

    def __init__(self, report: ImportReport, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Lines that could not be read"))
        self.resize(900, 460)
        said = self.tr(
            "%Ln line(s) of %1 could not be read and were left out.", "", report.n_rejected
        )
        self.table = QTableWidget(len(report.rejected), 3)
        self.table.setAccessibleName(self.windowTitle())
        self.table.setHorizontalHeaderLabels(
            [self.tr("Line"), self.tr("Why"), self.tr("What stands there")]
        )
        for place, rejected in enumerate(report.rejected):
            cells = (str(rejected.number), rejected.detail, rejected.text[:PREVIEW])
            for column_number, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(place, column_number, item)
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(1, WHY_WIDTH)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        close = button(self.tr("Close"), "primary")
        close.clicked.connect(self.accept)
        layout = column(
            label(said.replace("%1", report.path.name), wrap=True), self.table, margin=18
        )
        layout.addLayout(row(None, close))
        self.setLayout(layout)
