"""The text box for a note on a conversation."""

from PySide6.QtCore import QEvent, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from typing_extensions import override

from desktop_app.state.examples.edited_note import EditedNote
from desktop_app.ui.widgets.growing_text_edit import GrowingTextEdit
from desktop_app.ui.widgets.parts import set_property

LINES = 3
MOST_HEIGHT = 240


class NoteBox(GrowingTextEdit):
    """Leaves Undo and Redo to the program, as the boxes of messages do."""

    def __init__(self, note: EditedNote) -> None:
        super().__init__(min_lines=LINES, max_height=MOST_HEIGHT)
        self._note = note
        set_property(self, "kind", "note")
        self.setUndoRedoEnabled(False)
        self.setAccessibleName(self.tr("Notes"))
        note.changed.connect(self._show)
        self.typed.connect(note.set_text)
        self.take_number(0)

    def take_number(self, conversations: int) -> None:
        """Take in how many conversations are selected: a note is on one."""
        self.setEnabled(conversations == 1)
        self.setPlaceholderText(
            self.tr("Select one conversation to write a note on it.")
            if conversations > 1
            else self.tr("Only for people who keep this set…")
        )

    @Slot()
    def _show(self) -> None:
        self.fill(self._note.text)

    @override
    def focusOutEvent(self, e: QFocusEvent) -> None:
        """Write before a menu or another field can do anything."""
        super().focusOutEvent(e)
        self._note.write()

    @override
    def event(self, e: QEvent) -> bool:
        keys = QKeySequence.StandardKey
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride:
            is_theirs = e.matches(keys.Undo) or e.matches(keys.Redo)
            if is_theirs:
                # Written first, or the step before would be taken back in its place.
                self._note.write()
                e.ignore()
                return False
        return super().event(e)
