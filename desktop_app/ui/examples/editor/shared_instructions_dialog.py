"""Instructions written once for the whole project, or for all conversations with a tag."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QVBoxLayout, QWidget
from typing_extensions import override

from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.widgets.parts import button, column, label, row, scrolling


class InstructionsBox(QWidget):
    """A text box under the name of those whom it is for; `tag` '' is the whole project."""

    def __init__(self, tag: str, title: str, text: str) -> None:
        super().__init__()
        self.tag = tag
        self.box = MessageBox(min_lines=3)
        self.box.setProperty("kind", "field")
        self.box.setAccessibleName(title)
        self.box.setPlaceholderText(
            self.tr("Who answers, in which manner, and what is never to be said.")
        )
        self.box.fill(text)
        name = label(title, "strong", wrap=True)
        name.setBuddy(self.box)
        self.setLayout(column(name, self.box, spacing=5))


class SharedInstructionsDialog(QDialog):
    """Applies what is written as one step, when it is closed with Done."""

    def __init__(self, edited: EditedConversation, parent: QWidget) -> None:
        super().__init__(parent)
        self._edited = edited
        shared = edited.shared_instructions
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Shared system instructions"))
        self.resize(620, 520)
        explained = self.tr(
            "They stand before every conversation that has no system instructions of its own, "
            "when the examples are counted, exported and trained on. Those of a tag go before "
            "those of the whole project."
        )
        self.boxes: list[InstructionsBox] = []
        self._column: QVBoxLayout = column(spacing=14)
        self._add("", shared.whole_project)
        for tag in sorted(shared.by_tag):
            self._add(tag, shared.by_tag[tag])
        inside = QWidget()
        held = column()
        held.addLayout(self._column)
        held.addStretch(1)
        inside.setLayout(held)
        self.more = QComboBox()
        self.more.setAccessibleName(self.tr("Write instructions for a tag"))
        self.more.activated.connect(self._add_chosen)
        self._offer_tags()
        done = button(self.tr("Done"), "primary")
        done.clicked.connect(self.accept)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        layout = column(label(explained, "muted", wrap=True), scrolling(inside), margin=20,
                        spacing=14)  # fmt: skip
        layout.setStretch(1, 1)
        layout.addLayout(row(self.more, None, cancel, done))
        self.setLayout(layout)
        self.boxes[0].box.setFocus()

    def _add(self, tag: str, text: str) -> InstructionsBox:
        title = (
            self.tr("Conversations tagged %1").replace("%1", tag)
            if tag
            else self.tr("The whole project")
        )
        box = InstructionsBox(tag, title, text)
        self.boxes.append(box)
        self._column.addWidget(box)
        return box

    def _offer_tags(self) -> None:
        self.more.clear()
        self.more.addItem(self.tr("Write some for a tag…"), "")
        there = {box.tag for box in self.boxes}
        for tag in self._edited.known_tags:
            if tag not in there:
                self.more.addItem(tag, tag)
        self.more.setVisible(self.more.count() > 1)

    @Slot(int)
    def _add_chosen(self, _position: int) -> None:
        tag = self.more.currentData()
        if tag:
            box = self._add(tag, "")
            self._offer_tags()
            box.box.setFocus()

    @Slot()
    @override
    def accept(self) -> None:
        """Write the instructions before all conversations that share them."""
        texts = {box.tag: box.box.words for box in self.boxes}
        whole = texts.pop("")
        by_tag = {tag: text for tag, text in texts.items() if text.strip()}
        self._edited.set_shared_instructions(
            SharedInstructions(whole if whole.strip() else "", by_tag)
        )
        super().accept()
