"""Token counts of single messages, as they are typed."""

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.core.examples.conversation import Message
from desktop_app.state.examples.conversation_list import ENCODING

LONGEST = 200_000
"""Characters past which a message is not counted at every keystroke (7 ms on this much text)."""


class MessageTokens(QObject):
    """Counts once the vocabulary has been loaded by a worker; `ready` says so."""

    ready = Signal()

    def __init__(
        self, counter: TokenCounter, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._counter = counter
        self._is_ready = False
        task = runner.run_blocking(lambda _report, _stop: counter.count_text("", ENCODING))
        task.succeeded.connect(self._begin)

    def count(self, message: Message) -> int | None:
        """The tokens in a message's words; None while the vocabulary is loading, or too long."""
        text = message.text
        if not self._is_ready or len(text) > LONGEST:
            return None
        return self._counter.count_text(text, ENCODING)

    @Slot(object)
    def _begin(self, _result: object) -> None:
        self._is_ready = True
        self.ready.emit()
