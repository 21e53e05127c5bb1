"""Above the chat: which model answers, and against which other one."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy

from desktop_app.state.chat.chat import Chat
from desktop_app.state.chat.model_choices import ModelChoice
from desktop_app.ui.widgets.parts import Panel, label, row


class ModelBar(Panel):
    """Two boxes; the second may be empty."""

    def __init__(self, chat: Chat) -> None:
        super().__init__("bottom", margin=12)
        self._chat = chat
        self.model = _box(self.tr("Model"))
        self.against = _box(self.tr("Compare with"))
        self.model.activated.connect(self._choose_model)
        self.against.activated.connect(self._choose_against)
        between = label(self.tr("against"), "muted")
        between.setBuddy(self.against)
        bar = row(self.model, between, self.against)
        bar.setStretch(0, 100)
        bar.setStretch(2, 100)
        bar.addStretch(1)
        bar.setContentsMargins(10, 0, 10, 0)
        self.body.addLayout(bar)
        chat.settings_changed.connect(self._fill)
        chat.streaming_changed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        document = self._chat.document
        choices = list(self._chat.choices.all)
        for kept in (document.model, document.against):
            if kept is not None and kept not in choices:
                choices.append(kept)
        _offer(self.model, choices, document.model, self.tr("No model yet"))
        others: list[ModelChoice | None] = [None]
        others += [choice for choice in choices if choice != document.model]
        _offer(self.against, others, document.against, self.tr("no other model"))
        for box in (self.model, self.against):
            box.setEnabled(bool(choices) and not self._chat.is_streaming)

    @Slot(int)
    def _choose_model(self, place: int) -> None:
        choice = self.model.itemData(place)
        if isinstance(choice, ModelChoice):
            if choice == self._chat.document.against:
                self._chat.choose_against(self._chat.document.model)
            self._chat.choose_model(choice)

    @Slot(int)
    def _choose_against(self, place: int) -> None:
        choice = self.against.itemData(place)
        self._chat.choose_against(choice if isinstance(choice, ModelChoice) else None)


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    box.setMinimumContentsLength(12)
    box.setMaximumWidth(300)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _offer(
    box: QComboBox,
    choices: Sequence[ModelChoice | None],
    chosen: ModelChoice | None,
    nothing: str,
) -> None:
    box.clear()
    for choice in choices or (None,):
        box.addItem(nothing if choice is None else worded(box, choice), choice)
        if choice == chosen:
            box.setCurrentIndex(box.count() - 1)


def worded(box: QComboBox, choice: ModelChoice) -> str:
    """A model's name, with a word beside it when it is not tuned."""
    return choice.name if choice.is_tuned else box.tr("{name} (not tuned)").format(name=choice.name)
