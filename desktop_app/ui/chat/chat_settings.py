"""How the next reply is asked for: instructions, creativity, longest reply."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QPlainTextEdit, QSlider, QWidget

from desktop_app.state.chat.chat import Chat
from desktop_app.ui.cost.number_field import whole_number
from desktop_app.ui.widgets.parts import button, chip, column, label, row, set_tone

STEPS = 10
"""The slider's steps in a unit of temperature."""
HOTTEST = 1.5
LONGEST = 8192


class ChatSettings(QWidget):
    """Fields that change the chat in front."""

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self._chat = chat
        self._is_filling = False
        self.instructions = QPlainTextEdit()
        self.same = chip()
        self.reset = button(self.tr("Reset"), "link")
        self.creativity = QSlider(Qt.Orientation.Horizontal)
        self.longest = whole_number(self.tr("Longest reply"), 16, LONGEST, 50)
        layout = column(spacing=8)
        layout.setContentsMargins(14, 12, 14, 14)
        self._add_instructions(layout)
        layout.addSpacing(8)
        layout.addWidget(label(self.tr("SETTINGS"), "section"))
        layout.addLayout(self._make_grid())
        self.setLayout(layout)
        chat.settings_changed.connect(self._fill)
        self._fill()

    def _add_instructions(self, layout: QBoxLayout) -> None:
        heading = label(self.tr("INSTRUCTIONS"), "section")
        heading.setBuddy(self.instructions)
        self.instructions.setAccessibleName(self.tr("System instructions"))
        self.instructions.setTabChangesFocus(True)
        self.instructions.setFixedHeight(112)
        self.instructions.setPlaceholderText(self.tr("No system instructions"))
        self.instructions.textChanged.connect(self._take_instructions)
        self.reset.setToolTip(self.tr("Take the instructions of the training set again"))
        self.reset.clicked.connect(self._chat.reset_instructions)
        layout.addWidget(heading)
        layout.addWidget(self.instructions)
        layout.addLayout(row(self.same, self.reset, None))

    def _make_grid(self) -> QGridLayout:
        self.creativity.setRange(0, int(HOTTEST * STEPS))
        self.creativity.setAccessibleName(self.tr("Creativity (temperature)"))
        self.creativity.setToolTip(
            self.tr("Temperature: at 0 the likeliest reply every time, higher is more varied")
        )
        self.creativity.valueChanged.connect(self._take_creativity)
        self._degree = label()
        self.longest.setSuffix(self.tr(" tokens"))
        self.longest.valueChanged.connect(self._take_longest)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        for line, (text, field) in enumerate(
            ((self.tr("Creativity"), self.creativity), (self.tr("Longest reply"), self.longest))
        ):
            name = label(text, "muted")
            name.setBuddy(field)
            grid.addWidget(name, line, 0)
            grid.addWidget(field, line, 1)
        grid.addWidget(self._degree, 0, 2)
        grid.setColumnStretch(1, 1)
        return grid

    @Slot()
    def _fill(self) -> None:
        self._is_filling = True
        document = self._chat.document
        if self.instructions.toPlainText() != self._chat.instructions:
            self.instructions.setPlainText(self._chat.instructions)
        self.creativity.setValue(round(document.temperature * STEPS))
        self._degree.setText(f"{document.temperature:.1f}")
        self.longest.setValue(document.longest_reply)
        self._fill_same()
        self._is_filling = False

    def _fill_same(self) -> None:
        trained = self._chat.are_instructions_trained
        self.same.setVisible(trained is not None)
        self.reset.setVisible(trained is False)
        self.same.setText(self.tr("same as in training") if trained else self.tr("changed"))
        set_tone(self.same, "good" if trained else "warning")

    @Slot()
    def _take_instructions(self) -> None:
        if not self._is_filling:
            self._chat.set_instructions(self.instructions.toPlainText())

    @Slot(int)
    def _take_creativity(self, steps: int) -> None:
        if not self._is_filling:
            self._chat.set_temperature(steps / STEPS)

    @Slot(int)
    def _take_longest(self, tokens: int) -> None:
        if not self._is_filling:
            self._chat.set_longest_reply(tokens)
