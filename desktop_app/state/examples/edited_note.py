"""The note on the conversation that is shown, and when it is on disk."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.state.examples.edited_conversation import RETRY_AFTER_MS, WRITE_AFTER_MS
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Touched


class EditedNote(QObject):
    """The note of at most one conversation, written after a short pause as its words are.

    `changed`: another note is shown than was typed. What cannot be written stays and is tried
    again; `failed` carries the ProjectError, once until it is written.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._unwritten: dict[int, str] = {}
        self._has_failed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.write)
        self.id: int | None = None
        self.text = ""
        open_project.changed.connect(self._follow)
        open_project.closing.connect(self._let_go)
        open_project.closed.connect(self._forget)

    def show(self, id: int | None) -> None:
        """Take up the note of another conversation, or none; what was typed is written first."""
        if id == self.id:
            return
        self.write()
        # None while it is read: what cannot be read must not be taken for what was shown before.
        self.id = None
        try:
            text = self._read(id)
        except ProjectError:
            self._take("")
            raise
        self.id = id
        self._take(text)

    def set_text(self, text: str) -> None:
        """Take what was typed."""
        if self.id is not None and text != self.text:
            self.text = text
            self._unwritten[self.id] = text
            self._timer.start(WRITE_AFTER_MS)

    @Slot(result=bool)
    def write(self) -> bool:
        """Put on disk what was typed; returns whether all of it is there."""
        self._timer.stop()
        for id, text in list(self._unwritten.items()):
            try:
                self._open_project.edit(_NoteStep(id, text), (id,))
            except ProjectError as error:
                self._timer.start(RETRY_AFTER_MS)
                if not self._has_failed:
                    self._has_failed = True
                    self.failed.emit(error)
                return False
            if self._unwritten.get(id) == text:
                del self._unwritten[id]
        self._has_failed = False
        return True

    def _read(self, id: int | None) -> str:
        if id is None:
            return ""
        kept = self._unwritten.get(id)
        return self._open_project.project.note(id) if kept is None else kept

    def _take(self, text: str) -> None:
        self.text = text
        self.changed.emit()

    @Slot(object)
    def _follow(self, touched: Touched) -> None:
        if self.id is None or self.id in self._unwritten:
            return
        if touched.ids and self.id not in touched.ids:
            return
        if (now := self._read(self.id)) != self.text:
            self._take(now)

    @Slot()
    def _let_go(self) -> None:
        """Write for the last time; what even now cannot be written is lost."""
        self.write()
        self._timer.stop()
        self._unwritten.clear()

    @Slot()
    def _forget(self) -> None:
        self._has_failed = False
        self.id = None
        self._take("")


class _NoteStep:
    """Puts a text in place of the note of a conversation."""

    def __init__(self, id: int, text: str) -> None:
        self._id = id
        self._text = text

    def __call__(self, project: Project) -> None:
        project.set_note(self._id, self._text)
