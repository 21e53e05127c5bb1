"""How far something is that takes a while: words, a bar, the button that stops it."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QFrame, QProgressBar

from desktop_app.ui.widgets.parts import button, label, row

FINE = 1000
"""Steps of the bar."""


class ProgressLine(QFrame):
    """Hidden while nothing runs, and at first: what is done at once needs no line."""

    def __init__(self, patience_ms: int) -> None:
        super().__init__()
        self.words = label(wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.stop = button(self.tr("Cancel"))
        layout = row(self.words, self.bar, self.stop, spacing=14)
        layout.setStretch(0, 2)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(patience_ms)
        self._patience.timeout.connect(self.show)
        self.hide()

    def as_strip(self) -> None:
        """Look like a strip across the window."""
        self.setProperty("kind", "panel")
        self.setProperty("edge", "bottom")
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(8, 8, 8, 8)

    def begin(self, text: str) -> None:
        """Something was begun; how long it takes is not known yet."""
        self.words.setText(text)
        self.bar.setRange(0, 0)
        self._patience.start()

    def show_share(self, share: float) -> None:
        """Show which share is done, 0 to 1."""
        self.bar.setRange(0, FINE)
        self.bar.setValue(int(FINE * min(1.0, share)))

    @Slot()
    def end(self) -> None:
        """It is over, whatever came of it."""
        self._patience.stop()
        self.hide()
