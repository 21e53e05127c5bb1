"""What is the matter with a job, and buttons for what can be done about it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton

from desktop_app.state.jobs.attention import Attention, Remedial
from desktop_app.ui.widgets.parts import Card, button, label, row, set_tone


class AttentionCard(Card):
    """`wanted` carries the way that the user has taken. Hidden while all is well."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(margin=14, spacing=6)
        self._text = label(wrap=True)
        self._detail = label(kind="small", wrap=True)
        self.ways = {
            Remedial.START_ANEW: button(self.tr("Start anew…")),
            Remedial.LOOK_AGAIN: button(self.tr("Look again")),
            Remedial.SEND_AGAIN: button(self.tr("Send again")),
            Remedial.GIVE_UP: button(self.tr("Give it up")),
            Remedial.DELETE_UPLOADS: button(self.tr("Delete the uploaded files")),
        }
        for way in self.ways.values():
            way.clicked.connect(self._take)
        self.body.addWidget(self._text)
        self.body.addWidget(self._detail)
        self.body.addLayout(row(*self.ways.values(), None))
        self.hide()

    def show_attention(self, attention: Attention | None, *, busy: bool) -> None:
        """Say what is the matter; while something is under way no button can be pressed."""
        self.setVisible(attention is not None)
        if attention is None:
            return
        set_tone(self, attention.tone)
        self._text.setText(attention.text)
        self._detail.setText(attention.detail)
        self._detail.setVisible(bool(attention.detail))
        for kind, way in self.ways.items():
            way.setVisible(kind in attention.ways)
            way.setEnabled(not busy)

    @Slot()
    def _take(self) -> None:
        pressed = self.sender()
        for kind, way in self.ways.items():
            if isinstance(pressed, QPushButton) and pressed is way:
                self.wanted.emit(kind)
