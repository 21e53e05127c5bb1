"""Above the chat: which model answers, and against which other one."""

from PySide6.QtCore import Slot

from desktop_app.state.chat.chat import Chat
from desktop_app.state.chat.model_choice import ModelChoice, Origin
from desktop_app.ui.chat.model_box import ModelBox
from desktop_app.ui.widgets.parts import Panel, label, row

WIDEST = 300
ORDER = tuple(Origin)


class ModelBar(Panel):
    """Two boxes; the second may be empty."""

    def __init__(self, chat: Chat) -> None:
        super().__init__("bottom", margin=12)
        self._chat = chat
        self.model = ModelBox(self.tr("Model"), self.tr("No model yet"))
        self.against = ModelBox(self.tr("Compare with"))
        for box in (self.model, self.against):
            box.setMaximumWidth(WIDEST)
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
            if kept is not None and not any(kept.is_same_as(each) for each in choices):
                choices.append(kept)
        choices.sort(key=lambda choice: ORDER.index(choice.origin))
        self.model.offer(choices, document.model)
        others = [choice for choice in choices if not choice.is_same_as(document.model)]
        self.against.offer(others, document.against, self.tr("no other model"))
        for box in (self.model, self.against):
            box.setEnabled(bool(choices) and not self._chat.is_streaming)

    @Slot(int)
    def _choose_model(self, place: int) -> None:
        choice = self.model.itemData(place)
        if isinstance(choice, ModelChoice):
            if choice.is_same_as(self._chat.document.against):
                self._chat.choose_against(self._chat.document.model)
            self._chat.choose_model(choice)

    @Slot(int)
    def _choose_against(self, place: int) -> None:
        choice = self.against.itemData(place)
        self._chat.choose_against(choice if isinstance(choice, ModelChoice) else None)
