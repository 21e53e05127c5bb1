"""The fields of a tool call's form, one class for each kind of argument.

`changed` carries the path of the argument and its JSON, None where it is left out.
"""

import json
import re

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.core.examples.tool_schema import Field, Kind, is_json
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.parts import label, set_property

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
INTEGER = re.compile(r"-?(0|[1-9]\d*)")
LABEL_WIDTH = 100
MOST_LABEL_WIDTH = 170
LEAST_WIDTH = 60
ABSENT = object()
"""In place of a value that is not given."""


class ArgumentField(QWidget):
    """One argument; `path` leads to it through objects that hold it."""

    changed = Signal(object, object)

    def __init__(self, field: Field, path: tuple[str, ...]) -> None:
        super().__init__()
        self.field = field
        self.path = path
        self.box = QVBoxLayout()
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(3)
        self.setLayout(self.box)
        self.problem = label(kind="small", tone="bad", wrap=True)
        self.problem.setParent(self)
        self.problem.hide()

    def fill(self, value: object) -> None:
        """Show a value, or ABSENT."""
        raise NotImplementedError(value)

    def tell(self, value: str | None) -> None:
        """Report what the argument is now, as JSON."""
        self.changed.emit(self.path, value)

    def _add(self, editor: QWidget) -> None:
        editor.setMinimumWidth(LEAST_WIDTH)
        editor.setAccessibleName(self.field.name)
        editor.setToolTip(self.field.description)
        self.box.addWidget(editor)
        self.box.addWidget(self.problem)

    def _show_problem(self, editor: QWidget, text: str) -> None:
        set_property(editor, "problem", bool(text))
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


class TextField(ArgumentField):
    """A text, or a list of texts, each on its line, or JSON of any kind."""

    def __init__(self, field: Field, path: tuple[str, ...]) -> None:
        super().__init__(field, path)
        self.editor = MessageBox()
        self.editor.setProperty("kind", "field")
        if field.kind is Kind.LIST:
            self.editor.setPlaceholderText(self.tr("One on each line"))
        elif field.kind is Kind.ANY:
            self.editor.setPlaceholderText(self.tr("JSON"))
        self.editor.words_typed.connect(self._type)
        self._add(self.editor)

    def fill(self, value: object) -> None:
        if value is ABSENT:
            self.editor.fill("")
        elif self.field.kind is Kind.LIST and isinstance(value, list):
            self.editor.fill("\n".join(map(str, value)))
        elif self.field.kind is Kind.STRING:
            self.editor.fill(str(value))
        elif not self._says(value):
            self.editor.fill(json.dumps(value, ensure_ascii=False))
        self._show_problem(self.editor, "")

    def _says(self, value: object) -> bool:
        """Whether the JSON in the box is this value already, however it is laid out."""
        return is_json(self.editor.words) and json.loads(self.editor.words) == value

    @Slot(object)
    def _type(self, text: str) -> None:
        if not text and not (self.field.required and self.field.kind is Kind.STRING):
            self._show_problem(self.editor, "")
            self.tell(None)
        elif self.field.kind is Kind.STRING:
            self.tell(json.dumps(text, ensure_ascii=False))
        elif self.field.kind is Kind.LIST:
            items = [line for line in text.split("\n") if line]
            self.tell(json.dumps(items, ensure_ascii=False))
        elif is_json(text):
            self._show_problem(self.editor, "")
            self.tell(text)
        else:
            self._show_problem(self.editor, self.tr("This is not JSON yet, so it is not kept."))


class NumberField(ArgumentField):
    """A number, kept as it is typed."""

    def __init__(self, field: Field, path: tuple[str, ...]) -> None:
        super().__init__(field, path)
        self.editor = QLineEdit()
        self.editor.textEdited.connect(self._type)
        self._add(self.editor)

    def fill(self, value: object) -> None:
        text = "" if value is ABSENT else json.dumps(value)
        if not self._says(value):
            self.editor.setText(text)
        self._show_problem(self.editor, "")

    def _says(self, value: object) -> bool:
        try:
            return bool(json.loads(self.editor.text()) == value)
        except ValueError:
            return False

    @Slot(str)
    def _type(self, text: str) -> None:
        text = text.strip()
        is_whole = self.field.kind is Kind.INTEGER
        problem = ""
        if not text:
            self.tell(None)
        elif (INTEGER if is_whole else NUMBER).fullmatch(text):
            self.tell(text)
        elif is_whole:
            problem = self.tr("This is not a whole number yet, so it is not kept.")
        else:
            problem = self.tr("This is not a number yet, so it is not kept.")
        self._show_problem(self.editor, problem)


class ChoiceField(ArgumentField):
    """One of a few values, or yes and no; the first entry leaves it out."""

    def __init__(self, field: Field, path: tuple[str, ...]) -> None:
        super().__init__(field, path)
        self.editor = QComboBox()
        self.editor.addItem(self.tr("(not given)"), None)
        if field.kind is Kind.BOOLEAN:
            self.editor.addItem(self.tr("yes (true)"), "true")
            self.editor.addItem(self.tr("no (false)"), "false")
        for choice in field.choices:
            written = json.dumps(choice, ensure_ascii=False)
            self.editor.addItem(choice if isinstance(choice, str) else written, written)
        self.editor.activated.connect(self._choose)
        self._add(self.editor)

    def fill(self, value: object) -> None:
        written = None if value is ABSENT else json.dumps(value, ensure_ascii=False)
        self.editor.setCurrentIndex(max(0, self.editor.findData(written) if written else 0))

    @Slot(int)
    def _choose(self, _position: int) -> None:
        self.tell(self.editor.currentData())


class ObjectField(ArgumentField):
    """Arguments within an argument."""

    def __init__(self, field: Field, path: tuple[str, ...]) -> None:
        super().__init__(field, path)
        frame = QFrame()
        frame.setProperty("kind", "inset")
        self.form = ArgumentsForm(field.fields, path)
        self.form.changed.connect(self.changed)
        inside = QVBoxLayout()
        inside.setContentsMargins(10, 6, 8, 8)
        inside.addWidget(self.form)
        frame.setLayout(inside)
        self.box.addWidget(frame)

    def fill(self, value: object) -> None:
        self.form.fill(value if isinstance(value, dict) else {})


class ArgumentsForm(QWidget):
    """All arguments of a tool, or of an object among them."""

    changed = Signal(object, object)

    def __init__(self, fields: tuple[Field, ...], path: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.fields = [_field(field, (*path, field.name)) for field in fields]
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for place, field in enumerate(self.fields):
            field.changed.connect(self.changed)
            grid.addWidget(self._name(field.field), place, 0)
            grid.addWidget(field, place, 1)
        self.setLayout(grid)

    def fill(self, values: dict[str, object]) -> None:
        """Show the arguments of a call."""
        for field in self.fields:
            field.fill(values.get(field.field.name, ABSENT))

    def _name(self, field: Field) -> QWidget:
        text = self.tr("%1 (needed)").replace("%1", field.name) if field.required else field.name
        result = ElidedLabel("small")
        result.show_text(text)
        result.setMinimumWidth(LABEL_WIDTH)
        result.setMaximumWidth(MOST_LABEL_WIDTH)
        result.setWhatsThis(field.description)
        return result


def _field(field: Field, path: tuple[str, ...]) -> ArgumentField:
    match field.kind:
        case Kind.OBJECT:
            return ObjectField(field, path)
        case Kind.BOOLEAN | Kind.CHOICE:
            return ChoiceField(field, path)
        case Kind.NUMBER | Kind.INTEGER:
            return NumberField(field, path)
        case _:
            return TextField(field, path)
