"""Choosing which conversations are held out for the test."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QDialog, QRadioButton, QWidget
from typing_extensions import override

from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.ui.cost.number_field import whole_number
from desktop_app.ui.examples.dialogs.fitting import fit_height
from desktop_app.ui.widgets.parts import button, column, isolated, label, row, scrolling

MOST_PERCENT = 50


class TestSetDialog(QDialog):
    """By share or by tag; one by one it is done in the list."""

    __test__ = False  # Its name is no test's.

    def __init__(self, desk: ExamplesDesk, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Choose the test set"))
        self.resize(540, 200)
        self._test_set = desk.test_set
        self._facets = desk.conversations.facets
        self._open_project = desk.open_project
        self._make_choices()
        self._lay_out()
        self._show_counts()
        self._fill_tags()
        self._follow()
        self._facets.arrived.connect(self._fill_tags)
        self._facets.refresh()
        self._open_project.counts_changed.connect(self._show_counts)
        self._open_project.busy_changed.connect(self._follow)
        self._open_project.closing.connect(self.reject)

    def _make_choices(self) -> None:
        self.add = QRadioButton(self.tr("Keep what is held out now and add what is missing"))
        self.anew = QRadioButton(self.tr("Choose anew"))
        self.by_tag = QRadioButton(self.tr("All conversations with the tag"))
        self._choices = QButtonGroup(self)
        for choice in (self.add, self.anew, self.by_tag):
            self._choices.addButton(choice)
        self.add.setChecked(True)
        self.percent = whole_number(self.tr("Share to hold out"), 0, MOST_PERCENT)
        self.percent.setKeyboardTracking(True)
        self.percent.setSuffix(" %")
        self.percent.setMinimumWidth(70)
        self.percent.setValue(max(10, round(100 * self._share())))
        self.tag = QComboBox()
        self.tag.setAccessibleName(self.tr("Tag"))
        self.tag.setMinimumContentsLength(12)
        self._choices.buttonToggled.connect(self._follow)

    def _lay_out(self) -> None:
        why = self.tr(
            "The test set is not trained on. Evaluate asks the models for its replies, to see "
            "what was learned and not just remembered."
        )
        how = self.tr(
            "A share is taken of each tag, by content, so that it stays the same when you choose "
            "again. Conversations that are nearly the same stay together on one side."
        )
        by_hand = self.tr(
            "One by one: select conversations in the list and choose “Hold out for the test” in "
            "the Examples menu, or “Used for” at the right."
        )
        self.now = label(kind="strong", wrap=True)
        self.choose = button(self.tr("Choose the test set"), "primary")
        self.choose.clicked.connect(self._choose)
        close = button(self.tr("Cancel"))
        close.clicked.connect(self.reject)
        content = column(label(why, "muted", wrap=True), self.now, spacing=12)
        content.addLayout(row(label(self.tr("Share to hold out")), self.percent, None))
        content.addWidget(self.add)
        content.addWidget(self.anew)
        content.addLayout(row(self.by_tag, self.tag, None))
        content.addWidget(label(how, "small", wrap=True))
        content.addWidget(label(by_hand, "small", wrap=True))
        content.addStretch(1)
        inside = QWidget()
        inside.setLayout(content)
        self._scroll = scrolling(inside)
        layout = column(self._scroll, margin=18, spacing=12)
        layout.addLayout(row(None, close, self.choose))
        self.setLayout(layout)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        fit_height(self, self._scroll)

    def _share(self) -> float:
        counts = self._open_project.counts
        return counts.test / counts.conversations if counts.conversations else 0.0

    @Slot()
    def _show_counts(self) -> None:
        counts = self._open_project.counts
        text = self.tr("Now %1 of %2 conversations are held out.")
        text = text.replace("%1", f"{counts.test:,}").replace("%2", f"{counts.conversations:,}")
        self.now.setText(text)

    @Slot()
    def _fill_tags(self) -> None:
        chosen = self.tag.currentData()
        self.tag.clear()
        for name, count in self._facets.facets.tags:
            self.tag.addItem(f"{isolated(name)} ({count:,})", name)
        self.tag.setCurrentIndex(max(0, self.tag.findData(chosen)))
        self.by_tag.setEnabled(self.tag.count() > 0)

    @Slot()
    def _follow(self) -> None:
        self.percent.setEnabled(not self.by_tag.isChecked())
        self.tag.setEnabled(self.by_tag.isChecked())
        self.choose.setEnabled(not self._open_project.is_busy)

    @Slot()
    def _choose(self) -> None:
        if self.by_tag.isChecked():
            begun = self._test_set.choose_tag(str(self.tag.currentData()))
        else:
            share, keep_held = self.percent.value() / 100, self.add.isChecked()
            begun = self._test_set.choose_share(share, keep_held=keep_held)
        if begun:
            self.accept()
