"""The left side of the Examples tab: search, filters, the list of conversations."""

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QLineEdit, QPushButton, QTableView

from desktop_app.state.examples.conversation_list import ConversationList
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Counts, Filter, Split
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.conversation_delegate import ConversationDelegate, row_height
from desktop_app.ui.icons import icon
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Panel, button, column, label, row, rule

SEARCH_AFTER_MS = 120


class ListPanel(Panel):
    """Reports the conversation that its user goes to."""

    current_changed = Signal(object)

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
        self._wanted: int | None = None
        self._build_head(actions)
        self.view = self._build_view(actions, theme)
        self.nothing = label(kind="muted", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setMargin(24)
        self.body.addWidget(rule())
        self.body.addWidget(self.nothing)
        self.body.addWidget(self.view, 1)
        conversations.modelAboutToBeReset.connect(self._remember_current)
        conversations.filtered.connect(self._restore_current)
        open_project.counts_changed.connect(self._show_counts)
        self._show_counts(open_project.counts)

    def go_to(self, id: int) -> None:
        """Make a conversation the current one, now or once the list holds it."""
        self._wanted = id
        self._restore_current()

    def show_all(self) -> None:
        """Take every filter off."""
        self.search.clear()
        self.filters.buttons()[0].setChecked(True)
        self._apply_filter()

    def selected_ids(self) -> list[int]:
        """The selected conversations, from the top. By ranges: an index a row takes too long."""
        return [id for top, end in self._selected() for id in self._list.ids[top:end]]

    def _selected(self) -> list[tuple[int, int]]:
        """The selected rows as half-open ranges, from the top."""
        selection = self.view.selectionModel().selection()
        parts = [selection.at(number) for number in range(selection.count())]
        return sorted((part.top(), part.bottom() + 1) for part in parts)

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
        new = button(self.tr("New"), "primary", "plus")
        new.clicked.connect(actions.new_conversation.trigger)
        self.filters = QButtonGroup(self)
        chips = row(spacing=5)
        for key in ("all", "problems", "training", "test"):
            chip = QPushButton()
            chip.setProperty("kind", "filter")
            chip.setProperty("filter", key)
            chip.setProperty("tone", "bad" if key == "problems" else "")
            chip.setCheckable(True)
            chip.setCursor(Qt.CursorShape.PointingHandCursor)
            self.filters.addButton(chip)
            chips.addWidget(chip)
        chips.addStretch(1)
        self.filters.buttons()[0].setChecked(True)
        self.filters.buttonClicked.connect(self._apply_filter)
        head = column(spacing=9, margin=14)
        head.addLayout(row(self.search, new))
        head.addLayout(chips)
        self.body.addLayout(head)

    def _build_view(self, actions: Actions, theme: Theme) -> QTableView:
        view = QTableView()
        view.setAccessibleName(self.tr("Conversations"))
        view.setModel(self._list)
        view.setItemDelegate(ConversationDelegate(theme, view))
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
        view.addActions(self._context(actions))
        view.selectionModel().currentRowChanged.connect(self._tell_current)
        view.selectionModel().selectionChanged.connect(self._tell_selection)
        self._actions = actions
        theme.changed.connect(view.viewport().update)
        return view

    @staticmethod
    def _context(actions: Actions) -> list[QAction]:
        return [
            actions.duplicate_conversation, actions.use_for_training, actions.use_for_test,
            actions.delete_conversations,
        ]  # fmt: skip

    # Filters

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot()
    def _apply_filter(self) -> None:
        self._timer.stop()
        checked = self.filters.checkedButton()
        key = checked.property("filter") if checked else "all"
        split = {"training": Split.TRAINING, "test": Split.TEST}.get(key)
        text = self.search.text().strip()
        self._list.set_filter(Filter(text=text, split=split, problems_only=key == "problems"))

    @Slot(object)
    def _show_counts(self, counts: Counts) -> None:
        texts = {
            "all": self.tr("All %L1"),
            "problems": self.tr("Problems %L1"),
            "training": self.tr("Training %L1"),
            "test": self.tr("Test %L1"),
        }
        numbers = {
            "all": counts.conversations, "problems": counts.with_problems,
            "training": counts.training, "test": counts.test,
        }  # fmt: skip
        for chip in self.filters.buttons():
            key = chip.property("filter")
            chip.setText(texts[key].replace("%L1", f"{numbers[key]:,}"))
            if key == "problems":
                chip.setVisible(counts.with_problems > 0 or chip.isChecked())
        self.search.setPlaceholderText(
            self.tr("Search %Ln conversation(s)", "", counts.conversations)
        )

    # The current conversation

    @Slot()
    def _remember_current(self) -> None:
        current = self._list.id_at(self.view.currentIndex().row())
        if self._wanted is None:
            self._wanted = current

    @Slot()
    def _restore_current(self) -> None:
        wanted, place = self._wanted, None
        if wanted is not None:
            place = self._list.position_of(wanted)
        if place is None and self._list.rowCount():
            place = 0
        is_empty = self._list.rowCount() == 0
        self.view.setVisible(not is_empty)
        self.nothing.setVisible(is_empty)
        is_filtered = self._list.filter != Filter()
        self.nothing.setText(
            self.tr("No conversation matches.") if is_filtered else self.tr("No conversations yet.")
        )
        if place is None:
            self.current_changed.emit(None)
            return
        if wanted is not None and self._list.id_at(place) == wanted:
            self._wanted = None
        index = self._list.index(place, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.view.scrollTo(index)

    @Slot()
    def _tell_current(self) -> None:
        self.current_changed.emit(self._list.id_at(self.view.currentIndex().row()))

    @Slot(QItemSelection, QItemSelection)
    def _tell_selection(self) -> None:
        self._actions.set_selection(sum(end - top for top, end in self._selected()))
