"""A thread that takes one thing after another from a queue, whatever befalls it."""

import logging
import threading

from desktop_app.engine.service_log import where

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class QueueThread:
    """Calls `do_next` until `stopping`; pauses when it answers that there was nothing to do.

    A fault of the store, a full disk say, passes: it is logged once and tried again after a pause.
    A queue that nobody serves would leave every job waiting in a service that looks alive.
    """

    def __init__(self, name: str, stopping: threading.Event) -> None:
        self._name = name
        self._stopping = stopping
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name)

    def do_next(self) -> bool:
        """Take the next thing; return False if there was none. Subclasses say how."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin with what an earlier service left."""
        self._thread.start()

    @property
    def is_woken(self) -> bool:
        """Whether there may be something new."""
        return self._wake.is_set()

    def wake(self) -> None:
        """Look at once whether there is something new."""
        self._wake.set()

    def wait(self, seconds: float) -> None:
        """Pause, on this thread, until woken."""
        self._wake.wait(seconds)
        self._wake.clear()

    def stop(self) -> None:
        """Set `stopping` and wait for the end of what is being done."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        fault = ""
        while not self._stopping.is_set():
            try:
                had_something = self.do_next()
                fault = ""
            except Exception as error:  # noqa: BLE001  # see the class
                if fault != where(error):
                    fault = where(error)
                    log.error("the %s: %s", self._name, fault)
                had_something = False
            if not had_something:
                self.wait(PAUSE_SECONDS)
