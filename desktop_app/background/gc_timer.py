"""Cyclic garbage, collected on the GUI thread and on no other."""

import gc

from PySide6.QtCore import QObject, QTimer

FULL_EVERY = 30
"""A young collection at every tick, a full one (about 10 ms per 100,000 objects) at every 30th."""


class GcTimer(QObject):
    """Turns automatic collection off and collects by a timer on the thread it lives on.

    Python collects on whichever thread happens to allocate; on a worker thread that destroys
    widgets there and crashes the program.
    """

    def __init__(self, parent: QObject | None = None, interval_ms: int = 1000) -> None:
        super().__init__(parent)
        self._ticks = 0
        gc.disable()
        timer = QTimer(self)
        timer.timeout.connect(self._collect)
        timer.start(interval_ms)

    def _collect(self) -> None:
        self._ticks += 1
        gc.collect(2 if self._ticks % FULL_EVERY == 0 else 1)
