"""The Examples tab: the list at the left, the conversation in the middle, checks at the right."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QWidget
from typing_extensions import override

from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.examples.marking import Marks
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.storage.project.errors import ProjectError
from desktop_app.storage.project.rows import Counts, Split
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.checks_panel import ChecksPanel
from desktop_app.ui.examples.conversation_editor import ConversationEditor
from desktop_app.ui.examples.desk_dialogs import DeskDialogs
from desktop_app.ui.examples.details_panel import DetailsPanel
from desktop_app.ui.examples.list_panel import ListPanel
from desktop_app.ui.project_texts import describe_project_error
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Page, button, column

NARROW = 1000
UNWRITTEN = "unwritten"
EMPTY = Conversation(messages=(Message(role=USER, content=""), Message(role=ASSISTANT, content="")))


class ExamplesPage(Page):
    """Puts the three together and does what the Examples menu asks."""

    def __init__(
        self, desk: ExamplesDesk, notices: Notices, actions: Actions, theme: Theme
    ) -> None:
        super().__init__()
        self._desk = desk
        self._open_project = desk.open_project
        self._conversations = desk.conversations
        self._edited = desk.edited
        self._notices = notices
        self.list_panel = ListPanel(desk.conversations, desk.open_project, actions, theme)
        self.editor = ConversationEditor(desk.edited, desk.tokens, actions, desk.runner)
        self.details = DetailsPanel(
            desk.selection, desk.note, desk.marking, desk.bulk, desk.conversations.facets, theme
        )
        self.checks_panel = ChecksPanel(desk.edited, self.details)
        self.dialogs = DeskDialogs(desk, self.list_panel, actions, theme, self)
        self.list_panel.current_changed.connect(self._show_conversation)
        self.list_panel.selection_changed.connect(desk.selection.set_ids)
        self.list_panel.edit_wanted.connect(self.editor.focus_words)
        self.right = _split(self.editor, self.checks_panel, sizes=(780, 300), grows=0)
        self.splitter = _split(self.list_panel, self.right, sizes=(360, 1080), grows=1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty_state(actions))
        self._stack.addWidget(self.splitter)
        self.setLayout(column(self._stack))
        self._follow(desk)
        self._connect(actions)

    def _follow(self, desk: ExamplesDesk) -> None:
        desk.open_project.counts_changed.connect(self._choose_side)
        desk.open_project.history_changed.connect(self._withdraw_undo)
        desk.open_project.busy_changed.connect(self._follow_busy)
        desk.edited.failed.connect(self._tell_unwritten)
        desk.edited.held_back.connect(self._tell_held_back)
        desk.edited.saved_changed.connect(self._take_back)
        desk.note.failed.connect(self._tell_unwritten)
        desk.rules.changed.connect(self._take_rules)
        desk.next_problem.found.connect(self._show_problem)
        self.checks_panel.message_wanted.connect(self.editor.focus_message)
        self.checks_panel.reply_wanted.connect(self.editor.commands.add_assistant)
        self._take_rules()

    def message_menu(self) -> QMenu:
        """What can be done to the message at hand, for the menu bar."""
        menu = QMenu(self.tr("Message"))
        self.editor.commands.actions.fill(menu)
        return menu

    def _connect(self, actions: Actions) -> None:
        actions.new_conversation.triggered.connect(self._add)
        actions.duplicate_conversation.triggered.connect(self._duplicate)
        actions.delete_conversations.triggered.connect(self._delete)
        actions.restore_conversations.triggered.connect(self._restore)
        actions.join_conversations.triggered.connect(self._join)
        actions.use_for_training.triggered.connect(self._use_for_training)
        actions.use_for_test.triggered.connect(self._use_for_test)
        actions.next_problem.triggered.connect(self._next_problem)
        actions.find.triggered.connect(self._find)

    def _empty_state(self, actions: Actions) -> EmptyState:
        bring = button(self.tr("Import a file…"), "primary", "download")
        bring.clicked.connect(actions.import_file.trigger)
        write = button(self.tr("Write the first one"), "", "pencil")
        write.clicked.connect(actions.new_conversation.trigger)
        return EmptyState(
            "message-square",
            self.tr("No examples yet"),
            self.tr(
                "An example is a conversation answered the way you want it answered. "
                "Drop a spreadsheet, a chat export or a JSONL file here, or write one; ten are "
                "enough to begin, fifty work better."
            ),
            bring,
            write,
        )

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set the checks under the conversation where there is no room beside it."""
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW
        wanted = Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal
        if wanted != self.right.orientation():
            self.right.setOrientation(wanted)
            self.right.setSizes([260, 150] if is_narrow else [780, 300])

    @Slot(object)
    def _choose_side(self, counts: Counts) -> None:
        self._stack.setCurrentIndex(1 if counts.conversations or counts.binned else 0)

    @Slot(object)
    def _show_conversation(self, id: int | None) -> None:
        self._edited.show(id)
        self.editor.show_binned(id is not None and self._conversations.filter.in_bin)

    @Slot()
    def _follow_busy(self) -> None:
        """Edits wait for a large step; what is typed would only be kept back."""
        is_busy = self._open_project.is_busy
        self.editor.setEnabled(not is_busy)
        if not is_busy:
            self._desk.write()

    @Slot()
    def _take_rules(self) -> None:
        limit = self._desk.rules.length_limit
        self.details.set_token_limit(limit.tokens if limit is not None else None)

    # What cannot be written

    @Slot(object)
    def _tell_unwritten(self, error: ProjectError) -> None:
        text = self.tr("What you typed stays in the window and is saved as soon as it can be.")
        text = f"{describe_project_error(error)} {text}"
        self._notices.post(Notice(text, "bad", error.detail, topic=UNWRITTEN))

    @Slot()
    def _tell_held_back(self) -> None:
        text = self.tr(
            "What you typed last cannot be saved, so the project stays open. Close it once more "
            "to leave without it."
        )
        self._notices.post(Notice(text, "bad", topic=UNWRITTEN))

    @Slot(bool)
    def _take_back(self, saved: bool) -> None:
        if saved:
            self._notices.withdraw(UNWRITTEN)

    # What the menu asks

    @Slot()
    def _add(self) -> None:
        self._edited.write()
        new = self._open_project.add([EMPTY], after=self._edited.id)
        self._go_to(new[0])
        self.editor.focus_message(0)

    @Slot()
    def _duplicate(self) -> None:
        self._edited.write()
        if self._edited.id is not None:
            copies = self._open_project.add([self._edited.conversation], after=self._edited.id)
            self._go_to(copies[0])

    @Slot()
    def _delete(self) -> None:
        self._desk.write()
        ids = self.list_panel.selected_ids()
        if not self._conversations.filter.in_bin and self._desk.marking.delete(ids):
            text = self.tr("%Ln conversation(s) moved to the bin.", "", len(ids))
            remedy = Remedy(self.tr("Undo"), self._desk.undo)
            self._notices.post(Notice(text, "good", remedy=remedy, topic="delete"))

    @Slot()
    def _restore(self) -> None:
        self._desk.marking.restore(self.list_panel.selected_ids())

    @Slot()
    def _join(self) -> None:
        self._desk.write()
        ids = self.list_panel.selected_ids()
        if len(ids) < 2:
            return
        try:
            self._open_project.edit(lambda project: project.join(ids), ids, order_changed=True)
        except ValueError:
            text = self.tr(
                "These cannot be joined: after a conversation with two replies to compare, "
                "nothing can follow."
            )
            self._notices.post(Notice(text, "warning", topic="join"))
            return
        self._go_to(ids[0])

    @Slot()
    def _withdraw_undo(self) -> None:
        """After another step, Undo would take back that one."""
        self._notices.withdraw("delete")

    @Slot()
    def _use_for_training(self) -> None:
        marks = Marks(split=Split.TRAINING)
        self._desk.marking.change(self.list_panel.selected_ids(), marks)

    @Slot()
    def _use_for_test(self) -> None:
        self._desk.marking.change(self.list_panel.selected_ids(), Marks(split=Split.TEST))

    @Slot()
    def _next_problem(self) -> None:
        self._desk.next_problem.look(self._edited.id)

    @Slot(object)
    def _show_problem(self, id: int | None) -> None:
        if id is not None:
            self._go_to(id)
            return
        self._notices.post(Notice(self.tr("No problems are left."), "good", topic="problems"))

    @Slot()
    def _find(self) -> None:
        self.list_panel.search.setFocus()
        self.list_panel.search.selectAll()

    def _go_to(self, id: int) -> None:
        if self._conversations.position_of(id) is None:
            self.list_panel.show_all()
        self.list_panel.go_to(id)


def _split(*parts: QWidget, sizes: tuple[int, ...], grows: int) -> QSplitter:
    result = QSplitter(Qt.Orientation.Horizontal)
    for part in parts:
        result.addWidget(part)
    result.setSizes(sizes)
    result.setStretchFactor(grows, 1)
    result.setChildrenCollapsible(False)
    result.setHandleWidth(1)
    return result
