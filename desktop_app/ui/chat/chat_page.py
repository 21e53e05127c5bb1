"""The Chat tab, which answers how the model answers."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontMetrics, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget
from typing_extensions import override

from desktop_app.state.chat.chat import Chat
from desktop_app.state.navigation import Navigation
from desktop_app.ui.chat.chat_sidebar import ChatSidebar
from desktop_app.ui.chat.composer import Composer
from desktop_app.ui.chat.message_log import LogRow, MessageLog
from desktop_app.ui.chat.model_bar import ModelBar
from desktop_app.ui.chat.turn_row import TurnRow
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.empty_state import EmptyState
from desktop_app.ui.widgets.parts import Page, button, column, row

CARDS = 130
"""Frames, names and buttons of a turn, in pixels, beside its text."""


class ChatPage(Page):
    """Chats at the left, the log in the middle, the box to write in under it."""

    def __init__(self, chat: Chat, navigation: Navigation, theme: Theme) -> None:
        super().__init__()
        self._chat = chat
        self._navigation = navigation
        self.sidebar = ChatSidebar(chat, theme)
        self.models = ModelBar(chat)
        self.log = MessageLog(self._make_row, self._estimate)
        self.log.setAccessibleName(self.tr("Conversation"))
        self.composer = Composer(chat)
        self._middle = QStackedWidget()
        for each in (self.log, self._make_invitation(), self._make_no_model()):
            self._middle.addWidget(each)
        self._chatting = self._make_chatting()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_no_project())
        self._pages.addWidget(self._chatting)
        self.setLayout(column(self._pages))
        self._stop = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._stop.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._stop.activated.connect(chat.stop)
        self._connect()
        self._start_over()

    def _connect(self) -> None:
        chat = self._chat
        chat.replaced.connect(self._start_over)
        chat.turn_added.connect(self._add_turn)
        chat.reply_changed.connect(self._refill)
        chat.kept_changed.connect(self.log.refill_all)
        chat.streaming_changed.connect(self._follow_streaming)
        chat.settings_changed.connect(self._choose_view)
        self.sidebar.new.triggered.connect(self._come_forward)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._chat.training_instructions.refresh()
        self.composer.box.setFocus()

    # Parts

    def _make_chatting(self) -> QWidget:
        right = column(self.models, self._middle, self.composer, spacing=0)
        right.setStretchFactor(self._middle, 1)
        layout = row(self.sidebar, spacing=0)
        layout.addLayout(right, 1)
        result = QWidget()
        result.setLayout(layout)
        return result

    def _make_invitation(self) -> EmptyState:
        return EmptyState(
            "message-square",
            self.tr("Say something"),
            self.tr(
                "Write as a user would and see how the model answers. A good reply can be kept "
                "as an example, a poor one corrected and kept; choose a second model above to "
                "see both side by side."
            ),
        )

    def _make_no_model(self) -> EmptyState:
        jobs = button(self.tr("Go to Jobs"), "primary")
        jobs.clicked.connect(self._go_to_jobs)
        return EmptyState(
            "bot",
            self.tr("No model to talk to yet"),
            self.tr(
                "Choose a connection and a base model at the top right, or train a model of your "
                "own: it appears here as soon as its job has finished."
            ),
            jobs,
        )

    def _make_no_project(self) -> EmptyState:
        examples = button(self.tr("Go to Examples"), "primary")
        examples.clicked.connect(self._go_to_examples)
        return EmptyState(
            "message-square",
            self.tr("Open a project to chat"),
            self.tr(
                "Chats are kept in the project, and good replies become its examples. Open a "
                "project, or begin a new one, under Examples."
            ),
            examples,
        )

    def _make_row(self, parent: QWidget) -> LogRow:
        return TurnRow(self._chat, parent)

    def _estimate(self, index: int, width: int) -> int:
        turn = self._chat.document.turns[index]
        metrics = QFontMetrics(self.font())
        texts = [turn.said, max((reply.shown for reply in turn.replies), key=len, default="")]
        column_width = max(80, width // max(1, len(turn.replies)) - 40)
        per_line = max(1, column_width // max(1, metrics.averageCharWidth()))
        lines = sum(
            1 + len(line) // per_line for text in texts for line in text[:20_000].split("\n")
        )
        return CARDS + lines * round(metrics.lineSpacing() * 1.2)

    # Following

    @Slot()
    def _start_over(self) -> None:
        self.log.reset(len(self._chat.document.turns))
        self._choose_view()
        self._follow_streaming()

    @Slot()
    def _choose_view(self) -> None:
        self._pages.setCurrentIndex(1 if self._chat.is_open else 0)
        document = self._chat.document
        view = 0 if document.turns else 1 if document.model is not None else 2
        self._middle.setCurrentIndex(view)

    @Slot()
    def _add_turn(self) -> None:
        self._middle.setCurrentIndex(0)
        self.log.append()
        if self.log.count > 1:
            self.log.refill(self.log.count - 2)

    @Slot(int, int)
    def _refill(self, turn: int, _column: int) -> None:
        self.log.refill(turn)

    @Slot()
    def _follow_streaming(self) -> None:
        self._stop.setEnabled(self._chat.is_streaming)
        self.log.refill_all()

    @Slot()
    def _come_forward(self) -> None:
        self._navigation.show("chat")
        self.composer.box.setFocus()

    @Slot()
    def _go_to_jobs(self) -> None:
        self._navigation.show("jobs")

    @Slot()
    def _go_to_examples(self) -> None:
        self._navigation.show("examples")
