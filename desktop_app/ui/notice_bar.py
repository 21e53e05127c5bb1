"""Shows notices under the header: passive, dismissable, with their remedy one click away."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from desktop_app.state.notices import Notice, Notices
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import IconLabel, button, label, row

GONE_AFTER_MS = 8000
"""Good news leaves by itself; anything else stays until it is read."""
MAX_SHOWN = 4
BESIDE_ICON = 31
ICONS = {"good": "circle-check", "warning": "triangle-alert", "bad": "circle-alert", "info": "info"}


class NoticeLine(QFrame):
    """One notice."""

    dismissed = Signal(object)

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("kind", "notice")
        self.setProperty("tone", notice.level)
        picture = IconLabel(ICONS.get(notice.level, "info"))
        text = label(notice.text, wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = row(picture, text, margin=3, spacing=10)
        layout.setStretch(1, 1)
        if notice.detail:
            text.setToolTip(notice.detail)
            self._detail = label(notice.detail, "small", wrap=True)
            self._detail.setContentsMargins(BESIDE_ICON, 0, 10, 8)
            self._detail.hide()
            more = button(self.tr("Details"), "quiet")
            more.clicked.connect(self._toggle_detail)
            layout.addWidget(more)
        if notice.remedy is not None:
            self.remedy = button(notice.remedy.label, "small")
            self.remedy.clicked.connect(self._remedy)
            layout.addWidget(self.remedy)
        close = QToolButton()
        dismiss = QAction(icon("x"), self.tr("Dismiss"), self)
        dismiss.triggered.connect(self._dismiss)
        close.setDefaultAction(dismiss)
        layout.addWidget(close)
        outer = QVBoxLayout()
        outer.setContentsMargins(6, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(layout)
        if notice.detail:
            outer.addWidget(self._detail)
        self.setLayout(outer)
        if notice.level == "good":
            QTimer.singleShot(GONE_AFTER_MS, self._dismiss)

    @Slot()
    def _toggle_detail(self) -> None:
        self._detail.setVisible(not self._detail.isVisible())

    @Slot()
    def _remedy(self) -> None:
        assert self.notice.remedy is not None
        self.notice.remedy.action()
        self._dismiss()

    @Slot()
    def _dismiss(self) -> None:
        self.dismissed.emit(self)


class NoticeBar(QWidget):
    """The notices that stand, newest last; a new one about the same topic replaces the old."""

    def __init__(self, notices: Notices) -> None:
        super().__init__()
        self._lines: list[NoticeLine] = []
        self._column = QVBoxLayout()
        self._column.setContentsMargins(14, 6, 14, 6)
        self._column.setSpacing(6)
        self.setLayout(self._column)
        self.hide()
        notices.posted.connect(self._show)
        notices.withdrawn.connect(self._withdraw)

    def texts(self) -> list[str]:
        """What is shown now."""
        return [line.notice.text for line in self._lines]

    def line(self, number: int) -> NoticeLine:
        return self._lines[number]

    @Slot(object)
    def _show(self, notice: Notice) -> None:
        for line in list(self._lines):
            same_topic = notice.topic and line.notice.topic == notice.topic
            if same_topic or line.notice.text == notice.text:
                self._remove(line)
        while len(self._lines) >= MAX_SHOWN:
            self._remove(self._lines[0])
        line = NoticeLine(notice)
        line.dismissed.connect(self._remove)
        self._lines.append(line)
        self._column.addWidget(line)
        self.show()

    @Slot(str)
    def _withdraw(self, topic: str) -> None:
        for line in [line for line in self._lines if line.notice.topic == topic]:
            self._remove(line)

    @Slot(object)
    def _remove(self, line: NoticeLine) -> None:
        if line in self._lines:
            self._lines.remove(line)
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
            self.setVisible(bool(self._lines))
