"""One tool: its name, what it is for, and its parameters as rows or as JSON."""

import msgspec
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.core.examples.tool_edits import Parameter, parameters, with_changes
from desktop_app.core.examples.tool_schema import Kind, Tool, ToolsError, is_json, parse_tool
from desktop_app.ui.examples.editor.message_box import MessageBox
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import button, column, label, row, scrolling

CHOSEN_ALWAYS = (
    Kind.STRING, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN, Kind.CHOICE, Kind.LIST, Kind.ANY,
)  # fmt: skip


class ParameterRow(QWidget):
    """One parameter; what the row does not show of its schema is kept."""

    removed = Signal(object)

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self._schema = parameter.schema
        self._choices = parameter.choices
        self.name = QLineEdit(parameter.name)
        self.name.setPlaceholderText(self.tr("name"))
        self.name.setAccessibleName(self.tr("Name of the parameter"))
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Kind of value"))
        kinds = list(CHOSEN_ALWAYS)
        if parameter.kind not in kinds:
            kinds.append(parameter.kind)
        for kind in kinds:
            self.kind.addItem(self._word(kind), kind)
        self.kind.setCurrentIndex(kinds.index(parameter.kind))
        self.kind.activated.connect(self._show_choices)
        self.required = QCheckBox(self.tr("needed"))
        self.required.setChecked(parameter.required)
        self.description = QLineEdit(parameter.description)
        self.description.setPlaceholderText(self.tr("what it is for"))
        self.description.setAccessibleName(self.tr("What the parameter is for"))
        self.choices = QLineEdit(", ".join(parameter.choices))
        self.choices.setPlaceholderText(self.tr("choices, with commas between"))
        self.choices.setAccessibleName(self.tr("Choices"))
        self.choices.setEnabled(not any("," in choice for choice in parameter.choices))
        remove = QToolButton()
        remove.setProperty("compact", "true")
        remove.setIcon(icon("x"))
        remove.setToolTip(self.tr("Remove this parameter"))
        remove.setAccessibleName(self.tr("Remove this parameter"))
        remove.clicked.connect(self._remove)
        first = row(self.name, self.kind, self.required, remove, spacing=8)
        first.setStretch(0, 1)
        layout = column(spacing=5)
        layout.addLayout(first)
        layout.addWidget(self.description)
        layout.addWidget(self.choices)
        self.setLayout(layout)
        self._show_choices()

    @property
    def parameter(self) -> Parameter:
        """What the row says."""
        choices = self._choices
        if self.choices.isEnabled():
            choices = tuple(c.strip() for c in self.choices.text().split(",") if c.strip())
        if Kind(self.kind.currentData()) is not Kind.CHOICE:
            choices = ()
        return Parameter(
            self.name.text().strip(),
            Kind(self.kind.currentData()),
            self.required.isChecked(),
            self.description.text(),
            choices,
            self._schema,
        )

    @Slot()
    def _show_choices(self) -> None:
        # Qt gives the plain text of what it was given.
        self.choices.setVisible(Kind(self.kind.currentData()) is Kind.CHOICE)

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self)

    def _word(self, kind: Kind) -> str:
        return {
            Kind.STRING: self.tr("text"),
            Kind.NUMBER: self.tr("number"),
            Kind.INTEGER: self.tr("whole number"),
            Kind.BOOLEAN: self.tr("yes or no"),
            Kind.CHOICE: self.tr("one of a few"),
            Kind.LIST: self.tr("list of texts"),
            Kind.OBJECT: self.tr("object"),
            Kind.ANY: self.tr("other (see the JSON)"),
        }[kind]


class ToolPage(QWidget):
    """A form for one tool, with its JSON one click away.

    `failed` carries the ToolsError for which it could not be shown the other way, then None.
    """

    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._tool: Tool | None = None
        self.rows: list[ParameterRow] = []
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the tool"))
        self.description = MessageBox(min_lines=2)
        self.description.setProperty("kind", "field")
        self.description.setAccessibleName(self.tr("What the tool is for"))
        self.as_json = button(self.tr("Show as JSON"), "quiet-small", "braces")
        self.as_json.setCheckable(True)
        self.as_json.clicked.connect(self._switch)
        self.add = button(self.tr("Add a parameter"), "small", "plus")
        self.add.clicked.connect(self._add_new)
        self.raw = MessageBox(min_lines=10)
        self.raw.setProperty("kind", "code")
        self.raw.setAccessibleName(self.tr("The tool as JSON"))
        self._rows: QVBoxLayout = column(spacing=12)
        self._stack = QStackedWidget()
        self._stack.addWidget(scrolling(self._form()))
        raw = QWidget()
        raw.setLayout(column(self.raw, None))
        self._stack.addWidget(raw)
        layout = column(spacing=8)
        layout.addLayout(row(None, self.as_json))
        layout.addWidget(self._stack)
        self.setLayout(layout)

    def show_tool(self, tool: Tool) -> None:
        """Show a tool as a form."""
        self._tool = tool
        self.as_json.setChecked(False)
        self._fill(tool)

    def text(self) -> str:
        """Return the tool as it is written now. Raises ToolsError where a form cannot be right.

        What stands in the JSON box is not checked, and comes back on one line.
        """
        if not self.as_json.isChecked() and self._tool is not None:
            return self._form_text(self._tool)
        written = self.raw.words
        if self._tool is not None and written == _laid_out(self._tool.text):
            return self._tool.text
        return msgspec.json.format(written, indent=0) if is_json(written) else written

    def _form_text(self, tool: Tool) -> str:
        rows = [each.parameter for each in self.rows]
        rows = [each for each in rows if each.name or each.description]
        names = [each.name for each in rows]
        if "" in names:
            raise ToolsError("unnamed_parameter")
        if len(set(names)) < len(names):
            raise ToolsError("same_name_twice")
        return with_changes(tool, self.name.text().strip(), self.description.words, rows)

    def _form(self) -> QWidget:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(12)
        form.addRow(label(self.tr("Name"), "muted"), self.name)
        form.addRow(label(self.tr("What it is for"), "muted"), self.description)
        layout = column(spacing=10)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.addLayout(form)
        layout.addWidget(label(self.tr("PARAMETERS"), "section"))
        layout.addLayout(self._rows)
        layout.addLayout(row(self.add, None))
        layout.addStretch(1)
        result = QWidget()
        result.setLayout(layout)
        return result

    def _fill(self, tool: Tool) -> None:
        self.name.setText(tool.name)
        self.description.fill(tool.description)
        for each in self.rows:
            each.hide()
            each.deleteLater()
        self.rows = []
        for parameter in parameters(tool):
            self._add_row(parameter)
        self._stack.setCurrentIndex(0)

    def _add_row(self, parameter: Parameter) -> ParameterRow:
        new = ParameterRow(parameter)
        new.removed.connect(self._remove_row)
        self.rows.append(new)
        self._rows.addWidget(new)
        return new

    @Slot()
    def _add_new(self) -> None:
        self._add_row(Parameter("", Kind.STRING)).name.setFocus()

    @Slot(object)
    def _remove_row(self, which: ParameterRow) -> None:
        self.rows.remove(which)
        which.hide()
        which.deleteLater()

    @Slot()
    def _switch(self) -> None:
        """Show the same tool the other way, unless what is written cannot be shown so."""
        to_json = self.as_json.isChecked()
        self.as_json.setChecked(not to_json)
        try:
            tool = parse_tool(self.text())
        except ToolsError as error:
            self.failed.emit(error)
            return
        self.as_json.setChecked(to_json)
        self.failed.emit(None)
        self._tool = tool
        if to_json:
            self.raw.fill(_laid_out(tool.text))
            self._stack.setCurrentIndex(1)
        else:
            self._fill(tool)


def _laid_out(text: str) -> str:
    return msgspec.json.format(text, indent=2)
