"""A call of a tool, as a form made from the tool's schema, or as the JSON that it is."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QToolButton

from desktop_app.core.examples.conversation import ToolCall
from desktop_app.core.examples.tool_schema import (
    Field,
    MisfitError,
    Tool,
    is_json,
    read_arguments,
    with_argument,
)
from desktop_app.ui.examples.editor.argument_fields import ArgumentsForm
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import IconLabel, column, label, row


class ToolCallForm(QFrame):
    """One call; signals carry its place among the calls of the message."""

    name_chosen = Signal(int, str)
    arguments_typed = Signal(int, object)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "inset")
        self._place = 0
        self._arguments = ""
        self._tool: Tool | None = None
        self._form: ArgumentsForm | None = None
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName(self.tr("Tool that is called"))
        self.name.setMinimumWidth(110)
        self.name.activated.connect(self._choose)
        line = self.name.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._rename)
        self.id = label(kind="small")
        self.as_json = self._button("braces", self.tr("Show the arguments as JSON"))
        self.as_json.setCheckable(True)
        self.as_json.clicked.connect(self._show_arguments)
        self.remove = self._button("x", self.tr("Take this call back"))
        self.remove.clicked.connect(self._remove)
        self.description = label(kind="small", wrap=True)
        self.reason = label(kind="small", tone="warning", wrap=True)
        self.raw = MessageBox()
        self.raw.setProperty("kind", "code")
        self.raw.setAccessibleName(self.tr("Arguments as JSON"))
        self.raw.words_typed.connect(self._type_raw)
        head = row(IconLabel("wrench", 14), label(self.tr("Calls"), "small"), self.name, self.id,
                   None, self.as_json, self.remove, spacing=6)  # fmt: skip
        self.body = column(margin=0, spacing=6)
        self.body.setContentsMargins(10, 6, 8, 8)
        self.body.addLayout(head)
        for part in (self.description, self.reason, self.raw):
            self.body.addWidget(part)
        self.setLayout(self.body)

    @property
    def form(self) -> ArgumentsForm | None:
        """The form in use; None while the arguments are shown as JSON."""
        return self._form if self._form is not None and not self._form.isHidden() else None

    def show_call(self, place: int, call: ToolCall, tools: Sequence[Tool]) -> None:
        """Show a call of a conversation with these tools."""
        self._place = place
        names = [tool.name for tool in tools]
        if [self.name.itemText(at) for at in range(self.name.count())] != names:
            self.name.clear()
            self.name.addItems(names)
        self.name.setCurrentIndex(self.name.findText(call.function.name))
        self.name.setEditText(call.function.name)
        self.id.setText(call.id)
        tool = next((t for t in tools if t.name == call.function.name), None)
        if tool != self._tool:
            self._take_tool(tool)
        self._arguments = call.function.arguments
        self._show_arguments()

    def _take_tool(self, tool: Tool | None) -> None:
        self._tool = tool
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
            self._form = None
        self.description.setText(tool.description if tool else "")
        self.description.setVisible(bool(tool and tool.description))
        if tool is not None and tool.fields:
            self._form = ArgumentsForm(tool.fields)
            self._form.changed.connect(self._change)
            self.body.addWidget(self._form)

    @Slot()
    def _show_arguments(self) -> None:
        reason = self._why_not_a_form()
        as_json = self.as_json.isChecked() or bool(reason) or self._form is None
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self.as_json.setEnabled(not reason and self._form is not None)
        self.raw.setVisible(as_json and not self._has_no_arguments())
        if as_json:
            self.raw.fill(self._arguments)
        if self._form is not None:
            self._form.setVisible(not as_json)
            if not as_json:
                self._form.fill(read_arguments(self._arguments, self._fields))

    def _has_no_arguments(self) -> bool:
        """Whether the tool takes none and is given none: then there is nothing to write."""
        return self._tool is not None and not self._fields and self._arguments.strip() == "{}"

    @property
    def _fields(self) -> tuple[Field, ...]:
        return self._tool.fields if self._tool else ()

    def _why_not_a_form(self) -> str:
        if self._tool is None:
            if not is_json(self._arguments):
                return self.tr("The arguments are not JSON.")
            return self.tr(
                "This tool is not among the tools of the conversation, so its arguments are shown "
                "as JSON."
            )
        try:
            read_arguments(self._arguments, self._fields)
        except MisfitError as error:
            return self._words(error)
        return ""

    def _words(self, error: MisfitError) -> str:
        texts = {
            "not_json": self.tr("The arguments are not JSON, so they are shown as they are."),
            "not_an_object": self.tr("The arguments are not a JSON object, so they are shown raw."),
            "too_deep": self.tr("The arguments are nested too deeply for a form."),
            "unknown_argument": self.tr("The tool knows no argument “%1”. Shown as JSON."),
            "wrong_kind": self.tr("The value of “%1” is not of the kind asked for. Shown as JSON."),
            "not_a_choice": self.tr("The value of “%1” is not one of the choices. Shown as JSON."),
        }
        return texts[error.reason].replace("%1", error.name)

    @Slot(object, object)
    def _change(self, path: tuple[str, ...], value: str | None) -> None:
        self._arguments = with_argument(self._arguments, path, value)
        self.arguments_typed.emit(self._place, self._arguments)

    @Slot(object)
    def _type_raw(self, text: str) -> None:
        self._arguments = text
        reason = self._why_not_a_form()
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self.as_json.setEnabled(not reason and self._form is not None)
        # The form stays away until it is asked for, or the box would vanish while it is typed in.
        self.as_json.setChecked(True)
        self.arguments_typed.emit(self._place, text)

    @Slot(int)
    def _choose(self, _position: int) -> None:
        self._rename()

    @Slot()
    def _rename(self) -> None:
        name = self.name.currentText().strip()
        if name and (self._tool is None or name != self._tool.name):
            self.name_chosen.emit(self._place, name)

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self._place)

    def _button(self, icon_name: str, text: str) -> QToolButton:
        result = QToolButton()
        result.setProperty("compact", "true")
        result.setIcon(icon(icon_name))
        result.setToolTip(text)
        result.setAccessibleName(text)
        return result
