"""The tools of a conversation: listed, written in a form or as JSON, applied when right."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QListWidget, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from desktop_app.core.examples.tool_edits import list_text, new_tool
from desktop_app.core.examples.tool_schema import ToolsError, parse_tool, parse_tools
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.examples.editor.tool_page import ToolPage
from desktop_app.ui.widgets.parts import button, column, label, row


class ToolsDialog(QDialog):
    """Keeps each tool as its JSON; what is not changed stays as it was written.

    Where the list as a whole cannot be read, its text is shown with the reason.
    """

    def __init__(self, edited: EditedConversation, parent: QWidget) -> None:
        super().__init__(parent)
        self._edited = edited
        self._shown = -1
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Tools of this conversation"))
        self.resize(860, 600)
        self.texts: list[str] = []
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Tools"))
        self.list.setProperty("kind", "choices")
        self.list.setFixedWidth(200)
        self.list.currentRowChanged.connect(self._show)
        self.add = button(self.tr("Add a tool"), "small", "plus")
        self.add.clicked.connect(self._add)
        self.remove = button(self.tr("Remove"), "small", "trash-2")
        self.remove.clicked.connect(self._remove)
        self.page = ToolPage()
        self.page.failed.connect(self._fail)
        self.whole = MessageBox(min_lines=12)
        self.whole.setProperty("kind", "code")
        self.whole.setAccessibleName(self.tr("The list of tools as JSON"))
        self._side = QWidget()
        self._side.setLayout(column(self.list, self.add, self.remove))
        self._pages = QStackedWidget()
        for page in (self.page, self._nothing(), self.whole):
            self._pages.addWidget(page)
        self.reason = label(tone="bad", wrap=True)
        self.reason.hide()
        self.setLayout(self._layout())
        self._open(edited.conversation.tools)

    def _layout(self) -> QVBoxLayout:
        explained = self.tr(
            "What the assistant may call in this conversation (functions). Name, purpose and "
            "arguments are read by the model, so say plainly what each is for."
        )
        done = button(self.tr("Done"), "primary")
        done.clicked.connect(self.accept)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        layout = column(label(explained, "muted", wrap=True), margin=20, spacing=12)
        middle = row(self._side, self._pages, spacing=16)
        middle.setStretch(1, 1)
        layout.addLayout(middle, 1)
        layout.addWidget(self.reason)
        layout.addLayout(row(None, cancel, done))
        return layout

    def _nothing(self) -> QWidget:
        result = QWidget()
        said = self.tr("No tools yet. Add one, and replies can call it.")
        result.setLayout(column(label(said, "muted", wrap=True), None))
        return result

    def _open(self, text: str) -> None:
        try:
            self.texts = [tool.text for tool in parse_tools(text)]
        except ToolsError as error:
            self._side.hide()
            self.whole.fill(text)
            self._pages.setCurrentWidget(self.whole)
            self._fail(error)
            return
        self._fill_list(0)

    def _fill_list(self, row_number: int) -> None:
        self._shown = -1
        self.list.clear()
        self.list.addItems([parse_tool(text).name for text in self.texts])
        self.remove.setEnabled(bool(self.texts))
        self.list.setCurrentRow(min(row_number, len(self.texts) - 1))
        if not self.texts:
            self._pages.setCurrentIndex(1)

    @Slot(int)
    def _show(self, row_number: int) -> None:
        """Show another tool, unless the one that is shown cannot be kept as it is."""
        if row_number < 0 or row_number == self._shown:
            return
        if not self._keep():
            self.list.setCurrentRow(self._shown)
            return
        self._shown = row_number
        self.page.show_tool(parse_tool(self.texts[row_number]))
        self._pages.setCurrentWidget(self.page)

    def _keep(self) -> bool:
        """Take over what is written of the tool that is shown; returns whether it is right."""
        if not 0 <= self._shown < len(self.texts):
            return True
        try:
            text = self.page.text()
            tool = parse_tool(text)
        except ToolsError as error:
            self._fail(error)
            return False
        self._fail(None)
        self.texts[self._shown] = text
        item = self.list.item(self._shown)
        if item is not None:
            item.setText(tool.name)
        return True

    @Slot()
    def _add(self) -> None:
        if self._keep():
            names = [parse_tool(text).name for text in self.texts]
            self.texts.append(new_tool(names))
            self._fill_list(len(self.texts) - 1)
            self.page.name.setFocus()
            self.page.name.selectAll()

    @Slot()
    def _remove(self) -> None:
        at = self._shown
        if 0 <= at < len(self.texts):
            del self.texts[at]
            self._fail(None)
            self._fill_list(at)

    @Slot()
    @override
    def accept(self) -> None:
        """Give the conversation these tools, if all are right."""
        if self._side.isHidden():
            text = self.whole.words.strip()
            try:
                parse_tools(text)
            except ToolsError as error:
                self._fail(error)
                return
        elif self._keep():
            text = list_text(self.texts)
            # A list in which nothing was changed stays as it was written, spaces and all.
            before = self._edited.conversation.tools
            if [tool.text for tool in parse_tools(before)] == self.texts:
                text = before
        else:
            return
        self._edited.set_tools(text)
        super().accept()

    @Slot(object)
    def _fail(self, error: ToolsError | None) -> None:
        """Say why what is written is not applied; None takes it back."""
        self.reason.setText(self._words(error) if error is not None else "")
        self.reason.setVisible(error is not None)

    def _words(self, error: ToolsError) -> str:
        texts = {
            "not_json": self.tr("This is not JSON, so it is not applied. Correct it, or cancel."),
            "not_a_list": self.tr("The tools must be a JSON list: from [ to ]."),
            "not_an_object": self.tr("Tool %1 is not a JSON object."),
            "no_name": self.tr("Tool %1 has no name. Give it one."),
            "too_deep": self.tr("Tool %1 is nested too deeply."),
            "unnamed_parameter": self.tr("A parameter has no name. Give it one, or remove it."),
            "same_name_twice": self.tr("Two parameters have the same name. Rename one of them."),
        }
        return texts[error.reason].replace("%1", str(error.number))
