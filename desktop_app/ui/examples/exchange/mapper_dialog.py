"""The column mapper: which column of a table is what, and what comes of it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QSplitter, QWidget

from desktop_app.core.examples.tables.mapping import Role
from desktop_app.state.examples.exchange.table_choice import TableChoice
from desktop_app.ui.examples.exchange.column_list import ColumnList
from desktop_app.ui.examples.exchange.look_pane import repair_text
from desktop_app.ui.examples.exchange.preview_cards import PreviewCards
from desktop_app.ui.examples.exchange.problem_texts import describe_import_error
from desktop_app.ui.examples.exchange.read_as_bar import ReadAsBar
from desktop_app.ui.widgets.parts import button, column, isolated, label, row


class MapperDialog(QDialog):
    """Stands on a choice that is loaded. `wanted` carries a Reading."""

    wanted = Signal(object)

    def __init__(self, choice: TableChoice, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import a table"))
        self.resize(1120, 680)
        self._choice = choice
        choice.setParent(self)
        self._build_head()
        self.columns = ColumnList()
        self.columns.role_chosen.connect(self._set_role)
        self.preview = PreviewCards()
        self.said = label(kind="muted", wrap=True)
        self.notes = label(kind="small", tone="warning", wrap=True)
        self._lay_out()
        choice.changed.connect(self._show)
        choice.counted.connect(self._show_foot)
        choice.failed.connect(self._tell_failure)
        self.finished.connect(choice.stop)
        self._show()

    def _build_head(self) -> None:
        self.sheet = QComboBox()
        self.sheet.setAccessibleName(self.tr("Sheet"))
        self.sheet.activated.connect(self._choose_sheet)
        self.header = QCheckBox(self.tr("The first row names the columns"))
        self.header.clicked.connect(self._set_header)
        self.repair = QCheckBox(self.tr("Repair broken letters"))
        self.repair.clicked.connect(self._set_repair)
        self.repairs = label(kind="small", wrap=True)
        self.read_as = ReadAsBar(self._choice.detected, only_tables=True)
        self.read_as.changed.connect(self._choice.read_as)

    def _lay_out(self) -> None:
        title = self.tr("Say what each column of %1 is.")
        title = title.replace("%1", isolated(self._choice.source.name))
        self._sheet_label = label(self.tr("Sheet"), "muted")
        head = row(self._sheet_label, self.sheet, self.header, self.repair, None, self.read_as,
                   spacing=12)  # fmt: skip
        right = QWidget()
        inside = column(label(self.tr("THE FIRST CONVERSATIONS"), "section"), self.preview)
        inside.setContentsMargins(12, 0, 0, 0)
        right.setLayout(inside)
        parts = QSplitter()
        parts.setProperty("kind", "gap")
        parts.addWidget(self.columns)
        parts.addWidget(right)
        parts.setSizes([690, 400])
        parts.setChildrenCollapsible(False)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.go_on = button("", "primary")
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self._decide)
        layout = column(label(title, "heading", wrap=True), margin=18, spacing=12)
        layout.addLayout(head)
        layout.addWidget(self.repairs)
        layout.addWidget(parts, 1)
        layout.addWidget(self.notes)
        foot = row(self.said, cancel, self.go_on)
        foot.setStretch(0, 1)
        layout.addLayout(foot)
        self.setLayout(layout)

    @Slot()
    def _show(self) -> None:
        choice = self._choice
        head = choice.head
        names = [self.sheet.itemText(place) for place in range(self.sheet.count())]
        if names != list(head.sheets):
            self.sheet.clear()
            self.sheet.addItems(list(head.sheets))
        self.sheet.setCurrentText(head.sheet or "")
        for part in (self.sheet, self._sheet_label):
            part.setVisible(len(head.sheets) > 1)
        self.header.setChecked(choice.mapping.has_header)
        self.repair.setVisible(choice.detected.has_mojibake)
        self.repair.setChecked(choice.repair_mojibake)
        self.repairs.setText(repair_text(choice.repairs()))
        self.repairs.setVisible(bool(self.repairs.text()))
        self.columns.show_columns(choice)
        self.preview.show_items(choice.preview(), self._nothing())
        self.notes.setText("\n".join(note.detail for note in head.notes))
        self.notes.setVisible(bool(head.notes))
        self._show_foot()

    def _nothing(self) -> str:
        if not self._choice.head.rows:
            return self.tr("There are no rows here.")
        return self.tr(
            "Choose which column holds what the user says, and which one the reply. "
            "The reply may be left for later."
        )

    @Slot()
    def _show_foot(self) -> None:
        choice, count = self._choice, self._choice.count
        self.go_on.setEnabled(choice.can_import)
        self.go_on.setText(self.tr("Import"))
        if count is None:
            self.said.setText("")
            return
        n = max(0, count.rows - choice.mapping.skipped - choice.mapping.has_header)
        if count.is_all:
            text = self.tr("%Ln row(s)", "", n)
        else:
            text = self.tr("more than %Ln row(s)", "", n)
        if Role.ID in choice.mapping.roles:
            text += self.tr("; rows with the same ID become one conversation")
        elif Role.TEXT in choice.mapping.roles:
            text += self.tr("; rows become messages of conversations")
        self.said.setText(text + ".")

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self.preview.show_items([], describe_import_error(error, self._choice.source.name))
        self.go_on.setEnabled(False)

    @Slot(int, object)
    def _set_role(self, place: int, role: Role) -> None:
        self._choice.set_role(place, role)

    @Slot(bool)
    def _set_header(self, on: bool) -> None:
        self._choice.set_header(on=on)

    @Slot(bool)
    def _set_repair(self, on: bool) -> None:
        self._choice.set_repair(on=on)

    @Slot()
    def _choose_sheet(self) -> None:
        self._choice.load(self.sheet.currentText())

    @Slot()
    def _decide(self) -> None:
        self.wanted.emit(self._choice.reading)
        self.accept()
