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
from desktop_app.ui.examples.step_line import StepLine
from desktop_app.ui.project_texts import describe_file_error
from desktop_app.ui.widgets.parts import button, column, isolated, label, row

LOOK_AFTER_MS = 150
SIDES = (Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignLeft)
"""On which side the texts of a column stand: around what was found."""


class FindReplaceDialog(QDialog):
    """Looks while its user types; replaces in everything found as one step.

    `conversation_wanted` carries the id of a place that is gone to, and the dialog closes.
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
        self._open_project = open_project
        self._shown = shown
        self._is_replacing = False
        self._replaced: int | None = None
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
        self._follow()
        self._take(Preview())

    def _follow(self) -> None:
        self._finder.found.connect(self._take)
        self._finder.failed.connect(self._tell_failure)
        self._bulk.finished.connect(self._tell_replaced)
        self._bulk.failed.connect(self._tell_failure)
        self._open_project.changed.connect(self._look_soon)
        self._open_project.busy_changed.connect(self._show_result)
        self._open_project.closing.connect(self.reject)
        self.finished.connect(self._finder.stop)

    def _build_fields(self) -> None:
        self.words, self.by = QLineEdit(), QLineEdit()
        self.match_case = QCheckBox(self.tr("Same capitals (match case)"))
        self.whole_words = QCheckBox(self.tr("Whole words only"))
        self.only_shown = QCheckBox(self.tr("Only in what the list shows now"))
        self.only_shown.setEnabled(self._shown != Filter())
        self.only_shown.setChecked(self._shown != Filter())
        self.words.textChanged.connect(self._ask_anew)
        self.by.textChanged.connect(self._show_result)
        for box in (self.match_case, self.whole_words, self.only_shown):
            box.toggled.connect(self._ask_anew)

    def _build_table(self) -> None:
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.tr("What will change"))
        self.table.setToolTip(self.tr("Double-click a line, or press Enter, to go to it."))
        for number, title in enumerate(
            (self.tr("Before it"), self.tr("Found → new"), self.tr("After it"))
        ):
            item = QTableWidgetItem(title)
            item.setTextAlignment(SIDES[number] | Qt.AlignmentFlag.AlignVCenter)
            self.table.setHorizontalHeaderItem(number, item)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setProperty("kind", "figures")
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setMaximumSectionSize(320)
        self.table.cellActivated.connect(self._open_place)

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
        layout.addWidget(StepLine(self._bulk))
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
    def _ask_anew(self) -> None:
        self._replaced = None
        self._look_soon()

    @Slot()
    def _look_soon(self) -> None:
        # What is shown, and what comes in late, is no longer what would be replaced.
        self._finder.stop()
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
                item.setTextAlignment(SIDES[number] | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(place, number, item)
        self.said.setText(self._summary(preview))
        self.replace_all.setEnabled(
            preview.occurrences > 0
            and not self._timer.isActive()
            and not self._open_project.is_busy
        )

    def _summary(self, preview: Preview) -> str:
        if not self.words.text():
            return self.tr("Write what to look for. Nothing changes until you replace.")
        if self._replaced is not None:
            text = self.tr("Replaced in %Ln conversation(s).", "", self._replaced)
            return text + " " + self.tr("Undo takes it back.")
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
        step = replacing(self.wanted, self.by.text(), self.where)
        self._is_replacing = self._bulk.run(self.tr("Replacing"), step)

    @Slot(object)
    def _tell_replaced(self, conversations: object) -> None:
        if self._is_replacing and isinstance(conversations, int):
            self._is_replacing = False
            self._replaced = conversations
            self._show_result()

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self._is_replacing = False
        self.said.setText(describe_file_error(error, ""))

    @Slot(int, int)
    def _open_place(self, place: int, _column: int) -> None:
        found: Place = self._preview.places[place]
        self.conversation_wanted.emit(found.id)
        self.accept()
