"""The left side of the Examples tab: search, filters, the list of conversations."""

import dataclasses
from array import array

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTableView, QWidget

from desktop_app.state.examples.conversation_list import ConversationList
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Counts, Filter, Sort
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.conversation_delegate import ConversationDelegate, row_height
from desktop_app.ui.examples.filter_bar import FilterBar
from desktop_app.ui.examples.list_place import ListPlace
from desktop_app.ui.examples.list_tools import ListTools
from desktop_app.ui.icons import icon
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Panel, button, column, label, row, rule

SEARCH_AFTER_MS = 35
"""Keys that follow one another sooner are searched for together."""


class ListPanel(Panel):
    """Reports the conversation that its user goes to, and all that are selected (an array).

    `edit_wanted` asks for the cursor in the words of the conversation that is current.
    """

    current_changed = Signal(object)
    selection_changed = Signal(object)
    edit_wanted = Signal()

    def __init__(
        self,
        conversations: ConversationList,
        open_project: OpenProject,
        actions: Actions,
        theme: Theme,
    ) -> None:
        super().__init__(margin=0, spacing=0)
        self._list = conversations
        self._open_project = open_project
        self._actions = actions
        self.bar = FilterBar()
        self.tools = ListTools(conversations.saved_filters, self)
        menus = QWidget()
        menus.setLayout(row(self.tools.sort, self.tools.saved, spacing=0))
        self.bar.put_behind(menus, self.tools.found)
        self._build_head(actions)
        self.view = self._build_view(theme)
        self._build_nothing()
        self._build_keys()
        self._place = ListPlace(conversations, self.view)
        self._place.changed.connect(self._tell)
        self._follow()
        self._show_counts(open_project.counts)
        self._show_filter()

    def _follow(self) -> None:
        self.bar.filter_changed.connect(self._apply_filter)
        self.tools.sort_chosen.connect(self._sort)
        self.tools.filter_chosen.connect(self.show_filter)
        self._list.settled.connect(self._show_found)
        self._list.rowsInserted.connect(self._show_found)
        self._list.searching_changed.connect(self._show_found)
        self._list.facets.arrived.connect(self._show_facets)
        self._open_project.opened.connect(self.show_all)
        self._open_project.counts_changed.connect(self._show_counts)

    # What others ask

    def go_to(self, id: int) -> None:
        """Make a conversation the current one, now or once the list holds it."""
        self._place.go_to(id)

    def show_all(self) -> None:
        """Take every filter off."""
        self.show_filter(Filter())

    @Slot(object)
    def show_filter(self, where: Filter, code_name: str = "") -> None:
        """Take up a filter; `code_name` says which kind of advice its `code` is."""
        self.search.setText(where.text)
        self.bar.show_filter(where, code_name)
        self._apply_filter()

    def selected_ids(self) -> list[int]:
        """The selected conversations, from the top."""
        return list(self._place.selected())

    def found_ids(self) -> "array[int]":
        """All that the list shows now, a copy."""
        return array("Q", self._list.ids)

    # Making it

    def _build_head(self, actions: Actions) -> None:
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Search conversations"))
        self.search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_AFTER_MS)
        self._timer.timeout.connect(self._apply_filter)
        self.search.textChanged.connect(self._search_soon)
        self.search.returnPressed.connect(self._go_to_list)
        new = button(self.tr("New"), "primary", "plus")
        new.clicked.connect(actions.new_conversation.trigger)
        head = column(spacing=9, margin=14)
        head.addLayout(row(self.search, new))
        head.addWidget(self.bar)
        head.setContentsMargins(14, 14, 14, 9)
        self.body.addLayout(head)
        self.body.addWidget(rule())

    def _build_view(self, theme: Theme) -> QTableView:
        view = QTableView()
        view.setAccessibleName(self.tr("Conversations"))
        view.setModel(self._list)
        self.delegate = ConversationDelegate(theme, view)
        self.delegate.restore_wanted.connect(self._restore)
        view.setItemDelegate(self.delegate)
        view.horizontalHeader().hide()
        view.horizontalHeader().setStretchLastSection(True)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(row_height(view.font()))
        view.verticalHeader().setSectionResizeMode(view.verticalHeader().ResizeMode.Fixed)
        view.setShowGrid(False)
        view.setTabKeyNavigation(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        theme.changed.connect(view.viewport().update)
        self.body.addWidget(view, 1)
        return view

    def _build_keys(self) -> None:
        """Lead from the search to the list and on into the words, and delete from the list."""
        keys = Qt.Key
        for place, key, slot in (
            (self.search, keys.Key_Down, self._go_to_list),
            (self.search, keys.Key_Escape, self.search.clear),
            (self.view, keys.Key_Return, self.edit_wanted),
            (self.view, keys.Key_Enter, self.edit_wanted),
            (self.view, keys.Key_Delete, self._actions.delete_conversations.trigger),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(key), place)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)

    def _build_nothing(self) -> None:
        """What stands in place of the rows where there are none."""
        self.nothing = Panel(margin=24, spacing=12)
        self._why_nothing = label(kind="muted", wrap=True)
        self._why_nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._all = button(self.tr("Show all"), "small")
        self._all.clicked.connect(self.show_all)
        self.nothing.body.addWidget(self._why_nothing)
        self.nothing.body.addLayout(row(None, self._all, None))
        self.nothing.body.addStretch(1)
        self.body.addWidget(self.nothing, 1)

    def _set_context_menu(self, *, in_bin: bool) -> None:
        actions = self._actions
        for action in self.view.actions():
            self.view.removeAction(action)
        if in_bin:
            self.view.addAction(actions.restore_conversations)
        else:
            self.view.addActions([
                actions.duplicate_conversation, actions.join_conversations,
                actions.tag_conversations, actions.use_for_training, actions.use_for_test,
                actions.conversation_history, actions.delete_conversations,
            ])  # fmt: skip

    # Filters

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot()
    def _go_to_list(self) -> None:
        self._apply_filter()
        self.view.setFocus()

    @Slot(object)
    def _sort(self, sort: Sort) -> None:
        self.bar.show_filter(dataclasses.replace(self.bar.filter, sort=sort))
        self._apply_filter()

    @Slot()
    def _apply_filter(self) -> None:
        self._timer.stop()
        text = self.search.text().strip()
        self._list.set_filter(dataclasses.replace(self.bar.filter, text=text))
        self._show_filter()

    def _show_filter(self) -> None:
        where = self._list.filter
        self.tools.show_filter(where)
        self.delegate.in_bin = where.in_bin
        self._set_context_menu(in_bin=where.in_bin)
        self._show_found()

    @Slot()
    def _show_found(self) -> None:
        is_searching, found = self._list.is_searching, self._list.rowCount()
        self.tools.show_found(found, is_searching=is_searching)
        self.view.setVisible(found > 0 or is_searching)
        self.nothing.setVisible(not self.view.isVisibleTo(self))
        where = self._list.filter
        if where == Filter():
            self._why_nothing.setText(self.tr("No conversations yet."))
        elif where == Filter(in_bin=True, sort=where.sort):
            self._why_nothing.setText(self.tr("The bin is empty."))
        else:
            self._why_nothing.setText(self.tr("No conversation matches."))
        self._all.setVisible(where != Filter())

    @Slot()
    def _show_facets(self) -> None:
        self.bar.show_facets(self._list.facets.facets)

    @Slot(object)
    def _show_counts(self, counts: Counts) -> None:
        self.bar.show_counts(counts)
        self.search.setPlaceholderText(
            self.tr("Search %Ln conversation(s)", "", counts.conversations)
        )

    # Conversations

    @Slot(object)
    def _restore(self, id: int) -> None:
        def bring_back(project: Project) -> None:
            project.restore([id])

        self._open_project.edit(bring_back, [id], order_changed=True)

    @Slot()
    def _tell(self) -> None:
        selected = self._place.selected()
        self._actions.set_selection(len(selected))
        # What is in the bin is brought back first, then edited.
        self.selection_changed.emit(array("Q") if self._list.filter.in_bin else selected)
        self.current_changed.emit(self._place.current)
