"""The box in which the words of a message are written: plain text, kept to the letter."""

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QMenu
from typing_extensions import override

from desktop_app.ui.examples.editor.exact_text import LONGEST, ExactText
from desktop_app.ui.widgets.growing_text_edit import GrowingTextEdit

Keys = QKeySequence.StandardKey
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class MessageBox(GrowingTextEdit):
    """Leaves Undo and Redo to the program, whose steps reach back over every message.

    `words_typed` carries the whole text. What its user did not change stays as it was, no-break
    spaces and line ends too. Each paragraph begins where its script begins.
    """

    words_typed = Signal(object)
    menu_wanted = Signal(QMenu, QPoint)

    def __init__(self, *, min_lines: int = 1) -> None:
        super().__init__(min_lines=min_lines)
        self._exact = ExactText("")
        self.setUndoRedoEnabled(False)
        self.document().contentsChange.connect(self._follow)

    @property
    def words(self) -> str:
        """What is written in the box."""
        return self._exact.text

    @override
    def fill(self, text: str) -> None:
        if text == self._exact.text:
            return
        place = self.textCursor().position() if self.hasFocus() else 0
        self._show(ExactText(text), place)

    def _show(self, exact: ExactText, place: int) -> None:
        self._is_filling = True
        self._exact = exact
        self.setPlainText(exact.shown)
        cursor = self.textCursor()
        cursor.setPosition(min(place, self.document().characterCount() - 1))
        self.setTextCursor(cursor)
        # A move of text within the box is told as one change, the cuts between as written.
        self.setAcceptDrops(not exact.is_cut)
        self._is_filling = False
        self._align()
        self._fit()

    @Slot(int, int, int)
    def _follow(self, position: int, removed: int, added: int) -> None:
        if self._is_filling:
            return
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        # Where everything is replaced, Qt counts the end of the document too.
        end = min(position + added, self.document().characterCount() - 1)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._exact.change(position, removed, cursor.selectedText().replace("\u2029", "\n"))

    @Slot()
    @override
    def _take_change(self) -> None:
        if self._is_filling:
            return
        if self.textCursor().block().length() > 2 * LONGEST:
            self._show(*self._exact.laid_out_anew(self.textCursor().position()))
        self._align()
        self._fit()
        self.words_typed.emit(self._exact.text)

    # Each paragraph to its own side

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self._align_paragraphs()
        super().paintEvent(event)

    def _align_paragraphs(self) -> None:
        """Set right what is painted; Qt has one side for the whole document."""
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= self.viewport().height():
            top += self.blockBoundingRect(block).height()
            is_rtl = block.textDirection() == Qt.LayoutDirection.RightToLeft
            side = RIGHT if is_rtl else LEFT
            layout = block.layout()
            option = layout.textOption()
            if option.alignment() != side:
                option.setAlignment(side)
                layout.setTextOption(option)
            block = block.next()

    # Keys, the clipboard, the menu

    @override
    def event(self, e: QEvent) -> bool:
        asks = e if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride else None
        if asks is not None and (asks.matches(Keys.Undo) or asks.matches(Keys.Redo)):
            # Not accepted: the program's own shortcut is to have it.
            e.ignore()
            return False
        return super().event(e)

    @override
    def keyPressEvent(self, e: QKeyEvent) -> None:
        if e.matches(Keys.InsertLineSeparator):
            # Qt would write U+2028, which no service takes for a line end.
            self.insertPlainText("\n")
        else:
            super().keyPressEvent(e)

    @override
    def createMimeDataFromSelection(self) -> QMimeData:
        cursor = self.textCursor()
        data = QMimeData()
        data.setText(self._exact.between(cursor.selectionStart(), cursor.selectionEnd()))
        return data

    @override
    def dragEnterEvent(self, e: QDragEnterEvent) -> None:
        """Leave dropped files to the window, which imports them."""
        if e.mimeData().hasUrls():
            e.ignore()
        else:
            super().dragEnterEvent(e)

    @override
    def contextMenuEvent(self, e: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_wanted.emit(menu, e.globalPos())
        menu.popup(e.globalPos())
