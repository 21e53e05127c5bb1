"""Token counts of single messages, as they are typed."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.core.examples.conversation import Message
from desktop_app.state.examples.conversation_list import ENCODING

LONGEST = 50_000
"""Characters past which a message is counted by a worker, after a pause (2 ms on this much)."""

COUNT_AFTER_MS = 300


class MessageTokens(QObject):
    """Counts once the vocabulary has been loaded by a worker; `ready` says so.

    `counted` (message, tokens) brings what `count` could not say at once.
    """

    ready = Signal()
    counted = Signal(object, object)

    def __init__(
        self, counter: TokenCounter, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._counter = counter
        self._runner = runner
        self._is_ready = False
        self._waiting: dict[int, Message] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNT_AFTER_MS)
        self._timer.timeout.connect(self._count_waiting)
        task = runner.run_blocking(lambda _report, _stop: counter.count_text("", ENCODING))
        task.succeeded.connect(self._begin)

    def count(self, message: Message, place: int = 0) -> int | None:
        """The tokens in a message's words and calls.

        None while the vocabulary is loading, or if it is long.

        A long one is counted after a pause: of those asked for at one place, the last.
        """
        text = _counted_text(message)
        if not self._is_ready:
            return None
        if len(text) <= LONGEST:
            return self._counter.count_text(text, ENCODING)
        self._waiting[place] = message
        self._timer.start()
        return None

    @Slot(object)
    def _begin(self, _result: object) -> None:
        self._is_ready = True
        self.ready.emit()

    @Slot()
    def _count_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for message in waiting.values():
            task = self._runner.run_blocking(_counting(self._counter, message))
            task.succeeded.connect(self._tell)

    @Slot(object)
    def _tell(self, result: tuple[Message, int]) -> None:
        self.counted.emit(*result)


def _counted_text(message: Message) -> str:
    calls = (call.function for call in message.tool_calls)
    return "".join([message.text, *(each.name + each.arguments for each in calls)])


def _counting(counter: TokenCounter, message: Message) -> BlockingWork:
    def work(_report: Report, _should_stop: object) -> tuple[Message, int]:
        return message, counter.count_text(_counted_text(message), ENCODING)

    return work
