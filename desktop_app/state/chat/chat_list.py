"""The chats of the open project: the list at the left, and their keeping."""

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from typing_extensions import override

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.state.chat.document import KIND, ChatDocument, decode, encode
from desktop_app.state.kept_documents import reading_documents
from desktop_app.state.open_project import OpenProject

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class ChatList(QAbstractListModel):
    """Newest first, read by a worker when a project opens.

    `DisplayRole` is the title, `SUBTITLE` the line under it. `unreadable` carries how many kept
    chats were damaged.
    """

    SUBTITLE = int(Qt.ItemDataRole.UserRole)

    loaded = Signal()
    unreadable = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._runner = runner
        self._documents: list[ChatDocument] = []
        self._loading: Task | None = None
        open_project.opened.connect(self._load)
        open_project.closed.connect(self._clear)
        if open_project.is_open:
            self._load()

    @property
    def documents(self) -> tuple[ChatDocument, ...]:
        return tuple(self._documents)

    def position_of(self, id: str) -> int | None:
        """Where a chat stands, if it is in the list."""
        return next((n for n, each in enumerate(self._documents) if each.id == id), None)

    def save(self, document: ChatDocument) -> None:
        """Put a chat on disk and into the list. Raises ProjectError if it cannot be written."""
        self._open_project.project.save_document(
            KIND, document.id, document.title, encode(document)
        )
        place = self.position_of(document.id)
        if place is not None:
            self._documents[place] = document
            index = self.index(place)
            self.dataChanged.emit(index, index)
            return
        newer = [each for each in self._documents if each.created_at > document.created_at]
        self.beginInsertRows(NO_PARENT, len(newer), len(newer))
        self._documents.insert(len(newer), document)
        self.endInsertRows()

    def remove(self, id: str) -> None:
        """Delete a chat. Raises ProjectError if that cannot be written."""
        place = self.position_of(id)
        if place is None:
            return
        self._open_project.project.delete_document(KIND, id)
        self.beginRemoveRows(NO_PARENT, place, place)
        del self._documents[place]
        self.endRemoveRows()

    @override
    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._documents)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._documents):
            return None
        document = self._documents[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return document.title
        if role == self.SUBTITLE:
            return self._subtitle(document)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{document.title}, {self._subtitle(document)}"
        return None

    def _subtitle(self, document: ChatDocument) -> str:
        model = document.model.name if document.model else ""
        if document.against is not None:
            model = self.tr("compare")
        replies = self.tr("%Ln repl(ies|y)", "", document.n_replies)
        return f"{model} · {replies}" if model else replies

    @Slot()
    def _load(self) -> None:
        self._clear()
        self._loading = self._runner.run_blocking(
            reading_documents(self._open_project.path, KIND, decode)
        )
        self._loading.succeeded.connect(self._take)

    @Slot(object)
    def _take(self, found: tuple[list[ChatDocument], int]) -> None:
        documents, damaged = found
        saved = {each.id for each in self._documents}
        self.beginResetModel()
        self._documents += [each for each in documents if each.id not in saved]
        self._documents.sort(key=lambda each: each.created_at, reverse=True)
        self.endResetModel()
        self._loading = None
        self.loaded.emit()
        if damaged:
            self.unreadable.emit(damaged)

    @Slot()
    def _clear(self) -> None:
        if self._loading is not None:
            self._loading.succeeded.disconnect(self._take)
            self._loading.cancel()
            self._loading = None
        self.beginResetModel()
        self._documents = []
        self.endResetModel()
