"""Which services a key is kept for, and where: the key itself stays in the keyring."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork
from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.storage.secrets import Secrets, SecretsReason, SecretsUnavailable, origin


class KeyPlace(StrEnum):
    """Where a key is."""

    UNKNOWN = "unknown"
    NONE = "none"
    KEYRING = "keyring"
    SESSION = "session"


@dataclass(frozen=True)
class KeyState:
    """What is known of the key for one host; `problem` says why the keyring was of no help."""

    place: KeyPlace = KeyPlace.UNKNOWN
    problem: SecretsReason | None = None

    @property
    def is_there(self) -> bool:
        return self.place in (KeyPlace.KEYRING, KeyPlace.SESSION)


@dataclass(frozen=True)
class News:
    """What came of asking the keyring; `is_new` if a key was kept or removed."""

    origin: str
    is_new: bool
    state: KeyState


class Keys(QObject):
    """Asks the keyring on a worker thread: it may itself ask the user for a password.

    A key belongs to an origin (scheme, host and port), so no other host is ever sent it.
    """

    changed = Signal(str)
    stored = Signal(str)

    def __init__(self, secrets: Secrets, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._secrets = secrets
        self._runner = runner
        self._states: dict[str, KeyState] = {}
        self._waiting: deque[BlockingWork] = deque()
        self._task: Task | None = None

    def state(self, base_url: str) -> KeyState:
        """What is known so far; `look` finds out."""
        return self._states.get(origin(base_url), KeyState())

    def look(self, base_url: str) -> None:
        """Find out whether there is a key."""
        self._ask(base_url, lambda: None, changes=False)

    def keep(self, base_url: str, key: str) -> None:
        """Put a key into the keyring, or, where there is none, keep it for this session."""
        self._ask(base_url, lambda: self._secrets.set(base_url, key.strip()), changes=True)

    def remove(self, base_url: str) -> None:
        """Forget a key."""
        self._ask(base_url, lambda: self._secrets.delete(base_url), changes=True)

    def reveal(self, base_url: str) -> Task:
        """Fetch a key, because the user wants to see it; `failed` with SecretsUnavailable."""
        return self._runner.run_blocking(lambda _report, _stop: self._secrets.get(base_url))

    def _ask(self, base_url: str, step: Callable[[], None], *, changes: bool) -> None:
        self._waiting.append(
            lambda _report, _stop: News(origin(base_url), changes, self._after(base_url, step))
        )
        self._next()

    @Slot()
    def _next(self) -> None:
        """One after the other: two threads could keep and remove in either order."""
        if self._task is not None and self._task.is_running:
            return
        if self._waiting:
            self._task = self._runner.run_blocking(self._waiting.popleft())
            self._task.succeeded.connect(self._take)
            self._task.finished.connect(self._next)

    def _after(self, base_url: str, step: Callable[[], None]) -> KeyState:
        problem = None
        try:
            step()
        except SecretsUnavailable as error:
            problem = error.reason
        try:
            is_there = self._secrets.get(base_url) is not None
        except SecretsUnavailable as error:
            # A locked keyring may well hold one.
            nothing = error.reason is SecretsReason.NO_KEYRING
            return KeyState(KeyPlace.NONE if nothing else KeyPlace.UNKNOWN, error.reason)
        if not is_there:
            return KeyState(KeyPlace.NONE, problem)
        kept = self._secrets.is_persistent(base_url)
        return KeyState(KeyPlace.KEYRING if kept else KeyPlace.SESSION, problem)

    @Slot(object)
    def _take(self, news: News) -> None:
        self._states[news.origin] = news.state
        if news.is_new:
            self.stored.emit(news.origin)
        self.changed.emit(news.origin)
