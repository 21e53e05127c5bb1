"""Find and replace in all conversations, with what it will change shown first."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from desktop_app.core.examples.replacing import Wanted
from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.find_replace import FindReplace, Place, Preview, replacing
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.widgets.parts import button, column, isolated, label, row

LOOK_AFTER_MS = 150
ID = Qt.ItemDataRole.UserRole


class FindReplaceDialog(QDialog):
    """Looks while its user types; replaces in everything found as one step.

    `conversation_wanted` carries the id of a place that was double-clicked.
    """

    conversation_wanted = Signal(object)

    def __init__(
        self,
        finder: FindReplace,
        bulk: BulkEdit,
        open_project: OpenProject,
        shown: Filter,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Find and replace"))
        self.resize(820, 520)
        self._finder = finder
        self._bulk = bulk
        self._shown = shown
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look)
        self._build_fields()
        self._build_table()
        self.said = label(kind="muted", wrap=True)
        self.replace_all = button(self.tr("Replace all"), "primary")
        self.replace_all.clicked.connect(self._replace_all)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        self._lay_out(close)
        finder.found.connect(self._take)
        open_project.changed.connect(self._look_soon)
        open_project.closing.connect(self.reject)
        self.finished.connect(finder.stop)
        self._take(Preview())

    def _build_fields(self) -> None:
        self.words, self.by = QLineEdit(), QLineEdit()
        self.match_case = QCheckBox(self.tr("Same capitals (match case)"))
        self.whole_words = QCheckBox(self.tr("Whole words only"))
        self.only_shown = QCheckBox(self.tr("Only in what the list shows now"))
        self.only_shown.setEnabled(self._shown != Filter())
        self.only_shown.setChecked(self._shown != Filter())
        self.words.textChanged.connect(self._look_soon)
        self.by.textChanged.connect(self._show_result)
        for box in (self.match_case, self.whole_words, self.only_shown):
            box.toggled.connect(self._look_soon)

    def _build_table(self) -> None:
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.tr("What will change"))
        self.table.setHorizontalHeaderLabels(
            [self.tr("Before it"), self.tr("Found → new"), self.tr("After it")]
        )
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setMaximumSectionSize(320)
        self.table.cellDoubleClicked.connect(self._open_place)

    def _lay_out(self, close: QWidget) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.addRow(self.tr("&Find"), self.words)
        form.addRow(self.tr("Replace &by"), self.by)
        layout = column(margin=18, spacing=12)
        layout.addLayout(form)
        layout.addLayout(row(self.match_case, self.whole_words, self.only_shown, None, spacing=18))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.said)
        layout.addLayout(row(None, self.replace_all, close))
        self.setLayout(layout)

    @property
    def wanted(self) -> Wanted:
        """What is looked for, as the fields have it."""
        return Wanted(self.words.text(), self.match_case.isChecked(), self.whole_words.isChecked())

    @property
    def where(self) -> Filter:
        """Among which conversations."""
        return self._shown if self.only_shown.isChecked() else Filter()

    @Slot()
    def _look_soon(self) -> None:
        self.replace_all.setEnabled(False)
        self._timer.start()

    @Slot()
    def look(self) -> None:
        """Look now."""
        self._timer.stop()
        self._finder.look(self.wanted, self.where)

    @Slot(object)
    def _take(self, preview: Preview) -> None:
        self._preview = preview
        self.replace_all.setEnabled(preview.occurrences > 0)
        self._show_result()

    @Slot()
    def _show_result(self) -> None:
        preview, by = self._preview, self.by.text()
        self.table.setRowCount(len(preview.places))
        for place, found in enumerate(preview.places):
            new = by or self.tr("(nothing)")
            cells = (found.before, f"{isolated(found.found)} → {isolated(new)}", found.after)
            for number, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setData(ID, found.id)
                side = Qt.AlignmentFlag.AlignRight if number == 0 else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(place, number, item)
        self.said.setText(self._summary(preview))

    def _summary(self, preview: Preview) -> str:
        if not self.words.text():
            return self.tr("Write what to look for. Nothing changes until you replace.")
        if preview.occurrences == 0:
            return self.tr("Not found.")
        text = self.tr("Found %Ln time(s)", "", preview.occurrences)
        text += self.tr(" in %Ln conversation(s).", "", preview.conversations)
        rest = preview.occurrences - len(preview.places)
        if rest > 0:
            text += " " + self.tr("%Ln more place(s) are not listed.", "", rest)
        return text

    @Slot()
    def _replace_all(self) -> None:
        self.replace_all.setEnabled(False)
        self._bulk.run(self.tr("Replacing"), replacing(self.wanted, self.by.text(), self.where))

    @Slot(int, int)
    def _open_place(self, place: int, _column: int) -> None:
        found: Place = self._preview.places[place]
        self.conversation_wanted.emit(found.id)
