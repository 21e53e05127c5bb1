"""What a message says beside its plain words: parts with images, calls of tools."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from desktop_app.core.examples.conversation import ContentPart, Message
from desktop_app.core.examples.tool_schema import Tool
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.examples.editor.picture_view import PictureView
from desktop_app.ui.examples.editor.pictures import Pictures
from desktop_app.ui.examples.editor.tool_call_form import ToolCallForm
from desktop_app.ui.widgets.parts import column, label


class PartBox(MessageBox):
    """The words of one part."""

    part_typed = Signal(int, object)

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.setAccessibleName(self.tr("Text %1 of the message").replace("%1", str(place + 1)))
        self.words_typed.connect(self._tell)

    @Slot(object)
    def _tell(self, text: str) -> None:
        self.part_typed.emit(self.place, text)


class PartsView(QWidget):
    """The parts of a message in their order: texts can be edited, images stay as they are."""

    part_typed = Signal(int, object)
    focused = Signal()
    menu_wanted = Signal(QMenu, QPoint)

    def __init__(self, pictures: Pictures | None) -> None:
        super().__init__()
        self._pictures = pictures
        self._kinds: list[str] = []
        self.views: list[QWidget] = []
        self._column = column(spacing=6)
        self.setLayout(self._column)

    def show_parts(self, parts: Sequence[ContentPart]) -> None:
        """Show the parts of a message, in the same boxes where they are of the same kinds."""
        kinds = [_kind(part) for part in parts]
        if kinds != self._kinds:
            self._make(kinds)
        images = 0
        for view, part in zip(self.views, parts, strict=True):
            if isinstance(view, PartBox):
                view.fill(part.text or "")
            elif isinstance(view, PictureView) and part.image_url is not None:
                images += 1
                view.show_image(part.image_url.url, images)

    def _make(self, kinds: list[str]) -> None:
        for view in self.views:
            view.hide()
            view.deleteLater()
        self._kinds = kinds
        self.views = [self._view(place, kind) for place, kind in enumerate(kinds)]
        for view in self.views:
            self._column.addWidget(view)

    def _view(self, place: int, kind: str) -> QWidget:
        if kind == "image":
            return PictureView(self._pictures)
        if kind != "text":
            unknown = self.tr("A part of the kind “%1”, kept as it is").replace("%1", kind)
            return label(unknown, "small", wrap=True)
        box = PartBox(place)
        box.part_typed.connect(self.part_typed)
        box.focused.connect(self.focused)
        box.menu_wanted.connect(self.menu_wanted)
        return box


class CallsView(QWidget):
    """The calls of a message. The first number of each signal is the call's place."""

    renamed = Signal(int, str)
    typed = Signal(int, object)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[ToolCallForm] = []
        self._column: QVBoxLayout = column(spacing=6)
        self.setLayout(self._column)

    def show_calls(self, message: Message, tools: Sequence[Tool]) -> None:
        """Show each call of a message."""
        while len(self.forms) < len(message.tool_calls):
            form = ToolCallForm()
            form.name_chosen.connect(self.renamed)
            form.arguments_typed.connect(self.typed)
            form.removed.connect(self.removed)
            self.forms.append(form)
            self._column.addWidget(form)
        for place, form in enumerate(self.forms):
            form.setVisible(place < len(message.tool_calls))
            if place < len(message.tool_calls):
                form.show_call(place, message.tool_calls[place], tools)


def _kind(part: ContentPart) -> str:
    if part.image_url is not None:
        return "image"
    return "text" if part.type == "text" and part.text is not None else part.type
