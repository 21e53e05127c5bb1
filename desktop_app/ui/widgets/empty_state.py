"""What a page shows while it has nothing: what it is for, and the next thing to do."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QPushButton, QWidget

from desktop_app.ui.widgets.parts import IconLabel, column, label, row


class EmptyState(QWidget):
    """An icon, a sentence, an explanation and the buttons that lead on."""

    def __init__(self, icon_name: str, title: str, text: str, *buttons: QPushButton) -> None:
        super().__init__()
        picture = IconLabel(icon_name, 40, QPalette.ColorRole.PlaceholderText)
        self.title = label(title, "title", wrap=True)
        self.text = label(text, "muted", wrap=True)
        for line in (self.title, self.text):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            line.setMaximumWidth(520)
        layout = column(None, margin=20, spacing=10)
        layout.addWidget(picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        for line in (self.title, self.text):
            # Not by alignment: the height would be reckoned for the whole width.
            centre = row(None, line, None)
            centre.setStretch(1, 100)
            layout.addLayout(centre)
        layout.addSpacing(6)
        layout.addLayout(row(None, *buttons, None))
        layout.addStretch(2)
        self.setLayout(layout)
