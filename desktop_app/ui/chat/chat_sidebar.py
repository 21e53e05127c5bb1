"""Left of the chat: the chats of the project, the instructions, and how replies are made."""

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QListView, QToolButton

from desktop_app.state.chat.chat import Chat
from desktop_app.ui.chat.chat_settings import ChatSettings
from desktop_app.ui.chat.two_line_delegate import TwoLineDelegate
from desktop_app.ui.icons import icon
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Panel, label, row

WIDTH = 272


class ChatSidebar(Panel):
    """Follows the chat in front and changes its settings."""

    def __init__(self, chat: Chat, theme: Theme) -> None:
        super().__init__("right", margin=0, spacing=0)
        self.setFixedWidth(WIDTH)
        self._chat = chat
        self._is_following = False
        self.new = self._action(self.tr("New chat"), "plus")
        self.new.triggered.connect(self._start_new)
        self.delete = self._action(self.tr("Delete chat"), "trash-2")
        self.delete.setShortcut(QKeySequence.StandardKey.Delete)
        self.delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.delete.triggered.connect(self._delete)
        self.list = self._make_list(theme)
        head = row(label(self.tr("CHATS"), "section"), None, *self._tools(), spacing=2)
        head.setContentsMargins(14, 10, 8, 6)
        self.body.addLayout(head)
        self.body.addWidget(self.list, 1)
        self.settings = ChatSettings(chat)
        self.body.addWidget(self.settings)
        chat.replaced.connect(self._follow)
        chat.turn_added.connect(self._follow)
        chat.settings_changed.connect(self._follow)
        chat.chats.rowsInserted.connect(self._select)
        chat.chats.modelReset.connect(self._select)
        self._follow()

    # Parts

    def _action(self, text: str, icon_name: str) -> QAction:
        action = QAction(icon(icon_name), text, self)
        self.addAction(action)
        return action

    def _tools(self) -> list[QToolButton]:
        tools = []
        for action in (self.new, self.delete):
            tool = QToolButton()
            tool.setDefaultAction(action)
            tools.append(tool)
        return tools

    def _make_list(self, theme: Theme) -> QListView:
        view = QListView()
        view.setProperty("kind", "plain")
        view.setModel(self._chat.chats)
        view.setItemDelegate(TwoLineDelegate(theme, view, subtitle=self._chat.chats.SUBTITLE))
        view.setUniformItemSizes(True)
        view.setMouseTracking(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName(self.tr("Chats"))
        view.addAction(self.delete)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        view.selectionModel().currentChanged.connect(self._show)
        theme.changed.connect(view.viewport().update)
        return view

    # Following and doing

    @Slot()
    def _follow(self) -> None:
        self.new.setEnabled(self._chat.is_open)
        self.delete.setEnabled(bool(self._chat.document.turns))
        self._select()

    @Slot()
    def _select(self) -> None:
        place = self._chat.chats.position_of(self._chat.document.id)
        self._is_following = True
        if place is None:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())
        else:
            self.list.setCurrentIndex(self._chat.chats.index(place))
        self._is_following = False

    @Slot(QModelIndex)
    def _show(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_following:
            self._chat.show(self._chat.chats.documents[index.row()].id)

    @Slot()
    def _start_new(self) -> None:
        self._chat.start_new()

    @Slot()
    def _delete(self) -> None:
        self._chat.delete(self._chat.document.id)
