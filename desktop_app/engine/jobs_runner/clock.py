"""The time of day for what a process tells: it runs on evenly whatever is done to the clock."""

import time


class EvenClock:
    """Reads the clock once; what follows is counted from there."""

    def __init__(self) -> None:
        self._began = time.time() - time.monotonic()

    def now(self) -> float:
        """Return Unix seconds that never jump."""
        return self._began + time.monotonic()
