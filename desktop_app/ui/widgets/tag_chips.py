"""Tags as chips: each can be taken off, and others added with what is there already offered."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QPushButton, QWidget
from typing_extensions import override

from desktop_app.ui.widgets.button_text import in_button
from desktop_app.ui.widgets.flow_layout import FlowLayout
from desktop_app.ui.widgets.parts import isolated, label

LONGEST = 60
"""Characters of a tag."""

SHOWN, SHOWN_MIXED = 24, 13
"""Characters of a tag in its chip, and beside the figures; the rest is in the tool tip."""

MOST_MIXED = 12
"""Tags of several conversations that are shown; the others are changed by typing their names."""

LINE_WIDTH = 130

PASSING = (
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
"""Why the keyboard goes elsewhere for a while only."""


class TagChips(QWidget):
    """Reports what its user wants; `show_tags` shows what came of it.

    `add_text` says what a further tag is for, where it is not one to be added.
    """

    added = Signal(str)
    removed = Signal(str)

    def __init__(self, add_text: str = "") -> None:
        super().__init__()
        self._flow = FlowLayout(spacing=5)
        self.setLayout(self._flow)
        self.chips: list[QPushButton] = []
        self.add_button = QPushButton(add_text or self.tr("+ tag"))
        self.add_button.setProperty("kind", "filter")
        self.add_button.setAccessibleName(add_text or self.tr("Add a tag"))
        self.add_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.add_button.clicked.connect(self._begin)
        self._known = QStringListModel(self)
        self.line = QLineEdit()
        self.line.setAccessibleName(self.tr("New tag"))
        self.line.setPlaceholderText(self.tr("tag, then Enter"))
        self.line.setProperty("kind", "tag")
        self.line.setMaxLength(LONGEST)
        self.line.setFixedWidth(LINE_WIDTH)
        self.line.setCompleter(self._completer())
        self.line.returnPressed.connect(self._take)
        self.line.installEventFilter(self)
        self.line.hide()
        self.more = label(kind="small")
        self.more.hide()
        for widget in (self.more, self.add_button, self.line):
            self._flow.addWidget(widget)

    def _completer(self) -> QCompleter:
        result = QCompleter(self._known, self)
        result.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        result.setFilterMode(Qt.MatchFlag.MatchContains)
        # Queued: the line is filled with the choice after this signal.
        result.activated.connect(self._take, Qt.ConnectionType.QueuedConnection)
        return result

    def offer(self, tags: Sequence[str]) -> None:
        """Complete with these."""
        self._known.setStringList(list(tags))

    def show_tags(self, tags: Sequence[tuple[str, int]], conversations: int) -> None:
        """Show tags with how many of the conversations have each."""
        focused = next((place for place, each in enumerate(self.chips) if each.hasFocus()), None)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        behind: tuple[QWidget, ...] = (self.more, self.add_button, self.line)
        for widget in behind:
            self._flow.removeWidget(widget)
        shown = tags if conversations == 1 else tags[:MOST_MIXED]
        self.chips = [self._chip(tag, count, conversations) for tag, count in shown]
        for widget in (*self.chips, *behind):
            self._flow.addWidget(widget)
        rest = len(tags) - len(shown)
        self.more.setText(self.tr("and %Ln more", "", rest))
        self.more.setVisible(rest > 0)
        self._show_line(self.line.hasFocus())
        self._keep_tab_order()
        if focused is not None:
            last = [*self.chips, self.add_button]
            last[min(focused, len(last) - 1)].setFocus()

    def _keep_tab_order(self) -> None:
        order = [*self.chips, self.add_button, self.line]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    def _chip(self, tag: str, count: int, conversations: int) -> QPushButton:
        is_mixed = count < conversations
        most = SHOWN_MIXED if is_mixed else SHOWN
        shown = tag if len(tag) <= most else f"{tag[: most - 1]}…"
        text = self.tr("%1 %L2/%L3 ×") if is_mixed else self.tr("%1 ×")
        text = text.replace("%L2", f"{count:,}").replace("%L3", f"{conversations:,}")
        chip = QPushButton(text.replace("%1", isolated(in_button(shown))), self)
        chip.setProperty("kind", "tag")
        chip.setProperty("mixed", is_mixed)
        chip.setProperty("tag", tag)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.setAccessibleName(self.tr("Remove the tag %1").replace("%1", tag))
        chip.setToolTip(chip.accessibleName())
        chip.clicked.connect(self._remove)
        chip.show()
        return chip

    @Slot()
    def _remove(self) -> None:
        sender: QObject = self.sender()
        self.removed.emit(sender.property("tag"))

    @Slot()
    def _begin(self) -> None:
        self._show_line(True)
        self.line.setFocus()
        self.line.completer().complete()

    @Slot()
    @Slot(str)
    def _take(self, _chosen: str = "") -> None:
        tag = " ".join(self.line.text().split())
        self.line.clear()
        if tag:
            self.added.emit(tag)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End with Esc, or when the line is left; what is written there then counts."""
        if watched is self.line:
            is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
            if is_key and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                self.line.clear()
                self._show_line(False)
                self.add_button.setFocus()
                return True
            is_left = isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut
            if is_left and isinstance(event, QFocusEvent) and event.reason() not in PASSING:
                self._take()
                self._show_line(False)
        return super().eventFilter(watched, event)

    def _show_line(self, shown: bool) -> None:
        self.add_button.setVisible(not shown)
        self.line.setVisible(shown)
