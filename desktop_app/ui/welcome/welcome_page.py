"""What is shown before a project is open: three ways in, and what was open lately."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from desktop_app.state.preferences import Preferences
from desktop_app.ui.actions import Actions
from desktop_app.ui.widgets.parts import Card, Page, button, column, label, row

SHOWN_RECENT = 5


class WelcomePage(Page):
    """Reports the recent project that was clicked; all else are actions."""

    recent_chosen = Signal(str)

    def __init__(self, preferences: Preferences, actions: Actions) -> None:
        super().__init__()
        self._preferences = preferences
        body = column(spacing=14)
        body.addWidget(label(self.tr("Teach a model by example"), "hero"))
        line = self.tr(
            "Write conversations the way you want them answered. "
            "Exemplar trains a model on them, and you talk to it."
        )
        body.addWidget(label(line, "muted", wrap=True))
        body.addSpacing(8)
        cards = row(self._sample_card(actions), self._own_card(actions), spacing=16)
        cards.setStretch(0, 1)
        cards.setStretch(1, 1)
        body.addLayout(cards)
        body.addSpacing(8)
        self._recent_title = label(self.tr("RECENT"), "section")
        body.addWidget(self._recent_title)
        self._recent = Card(margin=4, spacing=0)
        body.addWidget(self._recent)
        frame = Page()
        frame.setLayout(body)
        frame.setMaximumWidth(880)
        frame.setMinimumWidth(560)
        outer = row(None, frame, None, margin=24)
        outer.setStretch(1, 10)
        whole = QVBoxLayout()
        whole.addStretch(2)
        whole.addLayout(outer)
        whole.addStretch(3)
        self.setLayout(whole)
        preferences.changed.connect(self._fill_recent)
        self._fill_recent()

    def _sample_card(self, actions: Actions) -> Card:
        self.sample_button = button(self.tr("Open the sample"), "primary")
        self.sample_button.clicked.connect(actions.open_sample.trigger)
        return self._card(
            "accent",
            self.tr("Try it with the sample"),
            self.tr(
                "Conversations of a made-up shop in several languages. Trains on this computer "
                "in minutes. No account, and nothing is sent anywhere."
            ),
            self.sample_button,
        )

    def _own_card(self, actions: Actions) -> Card:
        self.import_button = button(self.tr("Import a file…"))
        self.import_button.clicked.connect(actions.import_file.trigger)
        self.empty_button = button(self.tr("Empty project"), "quiet")
        self.empty_button.clicked.connect(actions.new_project.trigger)
        return self._card(
            "",
            self.tr("Start from your own"),
            self.tr(
                "Bring a spreadsheet, a chat export or JSONL, drop it anywhere on this window, "
                "or start with an empty page."
            ),
            self.import_button,
            self.empty_button,
        )

    @staticmethod
    def _card(tone: str, title: str, text: str, *buttons: QPushButton) -> Card:
        card = Card(tone=tone, spacing=8)
        card.body.addWidget(label(title, "heading"))
        words = label(text, "muted", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        card.body.addWidget(words, 1)
        card.body.addSpacing(4)
        card.body.addLayout(row(*buttons, None))
        return card

    @Slot()
    def _fill_recent(self) -> None:
        while (item := self._recent.body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        paths = [Path(text) for text in self._preferences.settings.recent_projects]
        present = [path for path in paths if path.exists()][:SHOWN_RECENT]
        for path in present:
            self._recent.body.addWidget(self._recent_button(path))
        self._recent.setVisible(bool(present))
        self._recent_title.setVisible(bool(present))

    def _recent_button(self, path: Path) -> QPushButton:
        changed = QDateTime.fromSecsSinceEpoch(int(path.stat().st_mtime))
        today = datetime.now().astimezone().date() == changed.date().toPython()
        form = QLocale.FormatType.ShortFormat
        when = QLocale.system().toString(changed.time() if today else changed.date(), form)
        result = button(f"{path.stem}    {when}", "quiet")
        result.setStyleSheet("text-align: left;")
        result.setToolTip(str(path))
        result.setProperty("path", str(path))
        result.clicked.connect(self._choose_recent)
        return result

    @Slot()
    def _choose_recent(self) -> None:
        self.recent_chosen.emit(self.sender().property("path"))
