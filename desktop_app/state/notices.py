"""The one place through which the program tells its user something."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class Remedy:
    """The button beside a notice: its words and what it does."""

    label: str
    action: Callable[[], object]


@dataclass(frozen=True)
class Notice:
    """What happened, in plain words. `detail` is for those who ask; `level` is a tone.

    Levels: "info", "good", "warning", "bad". Notices about one `topic` replace each other.
    """

    text: str
    level: str = "info"
    detail: str = ""
    remedy: Remedy | None = None
    topic: str = ""


class Notices(QObject):
    """Carries notices from whoever has something to say to whoever shows it."""

    posted = Signal(object)
    withdrawn = Signal(str)

    def post(self, notice: Notice) -> None:
        self.posted.emit(notice)

    def withdraw(self, topic: str) -> None:
        """Take back what was said about a topic, because it no longer holds."""
        self.withdrawn.emit(topic)
