"""One of very many, found by typing a part of it."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QDialog, QLineEdit, QListView, QWidget

from desktop_app.ui.widgets.parts import button, column, row

VALUE = Qt.ItemDataRole.UserRole


class ChooseDialog(QDialog):
    """`chosen` carries the value that goes with a text."""

    chosen = Signal(object)

    def __init__(self, title: str, entries: Sequence[tuple[str, object]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(360, 460)
        model = QStandardItemModel(self)
        for text, value in entries:
            item = QStandardItem(text)
            item.setEditable(False)
            item.setData(value, VALUE)
            model.appendRow(item)
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(model)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.line = QLineEdit()
        self.line.setAccessibleName(self.tr("Find"))
        self.line.setPlaceholderText(self.tr("Find"))
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._narrow)
        self.view = QListView()
        self.view.setAccessibleName(title)
        self.view.setProperty("kind", "choices")
        self.view.setModel(self._shown)
        self.view.setUniformItemSizes(True)
        self.view.doubleClicked.connect(self._take)
        close = button(self.tr("Cancel"))
        close.clicked.connect(self.reject)
        self.choose = button(self.tr("Choose"), "primary")
        self.choose.setDefault(True)
        self.choose.clicked.connect(self._take_current)
        layout = column(self.line, self.view, margin=18, spacing=10)
        layout.addLayout(row(None, close, self.choose))
        self.setLayout(layout)
        self._narrow("")

    @Slot(str)
    def _narrow(self, text: str) -> None:
        self._shown.setFilterFixedString(text)
        self.view.setCurrentIndex(self._shown.index(0, 0))
        self.choose.setEnabled(self._shown.rowCount() > 0)

    @Slot()
    def _take_current(self) -> None:
        self._take(self.view.currentIndex())

    @Slot(QModelIndex)
    def _take(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(VALUE))
            self.accept()
