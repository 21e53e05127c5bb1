"""What happened to a job, line by line."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop_app.state.jobs.story import Happening
from desktop_app.state.jobs.texts import clock
from desktop_app.ui.widgets.parts import Card, button, column, label, row, rule, set_tone

MOST_LINES = 100
"""What is older than the last so many lines is in the project, not on the page."""

FINAL = -1
"""Stands for the finished model where a checkpoint would have its step."""


class StoryCard(Card):
    """`chat_wanted` carries the step of the model to chat with, None for the finished one."""

    chat_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(spacing=0)
        self._shown: list[Happening] = []
        self._lines: QVBoxLayout = column(spacing=0)
        self._empty = label(kind="muted")
        self.body.addWidget(label(self.tr("WHAT HAPPENED"), "section"))
        self.body.addSpacing(6)
        self.body.addWidget(self._empty)
        self.body.addLayout(self._lines)
        self.body.addStretch(1)

    def show_story(self, story: Sequence[Happening], nothing: str) -> None:
        """Tell a story, the latest first, or that there is none. Lines that are there stay."""
        self._empty.setText(nothing)
        story = list(story[:MOST_LINES])
        if story == self._shown:
            return
        same = len(self._shown)
        while same and story[-same:] != self._shown[:same]:
            same -= 1
        for _ in range(len(self._shown) - same):
            self._drop(self._lines.count() - 1)
        for happening in reversed(story[: len(story) - same]):
            self._lines.insertWidget(0, self._line(happening))
        self._shown = story
        self._empty.setVisible(not story)

    def _drop(self, place: int) -> None:
        item = self._lines.takeAt(place)
        widget = item.widget() if item else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()

    def _line(self, happening: Happening) -> QWidget:
        moment = label(clock(happening.at, seconds=True), "muted")
        moment.setMinimumWidth(62)
        text = label(happening.text, wrap=True)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        set_tone(text, happening.tone)
        if happening.original and happening.original != happening.text:
            text.setToolTip(escape(happening.original))
        parts: list[QWidget | None] = [moment, text]
        if happening.step is not None or happening.is_final:
            chat = button(self.tr("Chat with it"), "link")
            chat.setProperty("step", FINAL if happening.step is None else happening.step)
            chat.setAccessibleDescription(happening.text)
            chat.clicked.connect(self._chat)
            parts.append(chat)
        line = QWidget()
        content = row(*parts, spacing=10)
        air = 3 if len(parts) > 2 else 6
        content.setContentsMargins(0, air, 0, air)
        layout = column(spacing=0)
        layout.addLayout(content)
        layout.addWidget(rule())
        line.setLayout(layout)
        return line

    @Slot()
    def _chat(self) -> None:
        step = self.sender().property("step")
        self.chat_wanted.emit(None if step == FINAL else int(step))
