"""The earlier texts of one conversation, and the way back to one of them."""

from PySide6.QtCore import QDateTime, QLocale, Qt, Slot
from PySide6.QtWidgets import QDialog, QListWidget, QWidget

from desktop_app.core.examples.differences import marked
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import PastText
from desktop_app.ui.examples.dialogs.conversation_view import ConversationView
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import button, column, label, row


class HistoryDialog(QDialog):
    """The list of times on the left, the text of that time on the right, marked against now."""

    def __init__(
        self,
        id: int,
        edited: EditedConversation,
        open_project: OpenProject,
        theme: Theme,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("History of this conversation"))
        self.resize(860, 520)
        self._id = id
        self._open_project = open_project
        self._edited = edited
        self._past: list[PastText] = []
        self.list = QListWidget()
        self.list.setProperty("kind", "choices")
        self.list.setAccessibleName(self.tr("Earlier versions, the latest first"))
        self.list.setFixedWidth(230)
        self.view = ConversationView(theme, self.tr("The text of that time"), "bad")
        self.explanation = label(kind="muted", wrap=True)
        self.back = button(self.tr("Bring this version back"), "primary")
        self.back.clicked.connect(self._bring_back)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        body = row(self.list, self.view, spacing=14)
        layout = column(self.explanation, margin=18, spacing=12)
        layout.addLayout(body, 1)
        layout.addLayout(row(None, self.back, close))
        self.setLayout(layout)
        self.list.currentRowChanged.connect(self._show)
        open_project.changed.connect(self._fill)
        open_project.closing.connect(self.reject)
        edited.write()
        self._fill()

    @Slot()
    def _fill(self) -> None:
        self._past = self._open_project.project.history_of(self._id)
        self.list.clear()
        for place, past in enumerate(self._past):
            self.list.addItem(self._name(past, is_present=place == 0))
        self.list.setCurrentRow(1 if len(self._past) > 1 else 0)
        if len(self._past) < 2:
            said = self.tr("Nothing was changed in this conversation yet.")
        else:
            said = self.tr(
                "Marked is what the present text has not got. Bringing a version back is a step "
                "that can be undone; the present text stays in this list."
            )
        self.explanation.setText(said)

    def _name(self, past: PastText, *, is_present: bool) -> str:
        when = QDateTime.fromMSecsSinceEpoch(round(past.at * 1000))
        text = QLocale().toString(when, QLocale.FormatType.ShortFormat)
        return self.tr("Now, since %1").replace("%1", text) if is_present else text

    @Slot(int)
    def _show(self, place: int) -> None:
        self.back.setEnabled(place > 0)
        if 0 <= place < len(self._past):
            present = self._past[0].conversation if place > 0 else None
            self.view.show_messages(marked(self._past[place].conversation, present))

    @Slot()
    def _bring_back(self) -> None:
        place = self.list.currentRow()
        if place > 0 and self._edited.write():
            number = self._past[place].number
            self._open_project.edit(
                lambda project: project.bring_back(self._id, number), [self._id]
            )
