"""How fast something arrives, and when it will be there."""

from collections import deque

WINDOW_SECONDS = 10.0
"""Long enough that a network's hiccups do not make the time left jump."""

LEAST_SECONDS = 1.0
"""Before that much was watched, nothing is said."""


class FetchPace:
    """Fed with what has arrived; times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, n_bytes: int) -> None:
        """Take down what has arrived by now; less than before is a new beginning."""
        if self._seen and n_bytes < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((at, n_bytes))
        while len(self._seen) > 2 and at - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def bytes_per_second(self) -> float | None:
        """The speed of the last seconds, None while it is not known."""
        if len(self._seen) < 2:
            return None
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - began) if ended - began >= LEAST_SECONDS else None

    def seconds_left(self, total: int | None) -> float | None:
        """How long the rest will take, None while that is not known."""
        speed = self.bytes_per_second
        if not speed or total is None or not self._seen:
            return None
        return max(0, total - self._seen[-1][1]) / speed
