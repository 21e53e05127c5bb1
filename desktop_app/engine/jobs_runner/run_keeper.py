"""Puts on disk what a run has reached, and what it tells; copes with a disk that is full.

A state or an epoch's model that finds no room is done without, and said: the run comes to the same
end. What a run cannot go on without, its lines and the model at its end, is waited for.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop_app.engine.backends.backend import BrokenOffError, Trainer
from desktop_app.engine.jobs_runner.clock import EvenClock
from desktop_app.engine.jobs_runner.job_folder import (
    KEPT_STATES,
    adapter_name,
    state_path,
    states,
)
from desktop_app.engine.jobs_runner.worker_log import Line, LogWriter, NotSaved
from desktop_app.engine.store.disk_full import is_disk_full

ROOM_SECONDS = 600.0
"""How long a run waits for room before it fails."""
RETRY_SECONDS = 1.0


class RunKeeper:
    """What one attempt at a run writes into its job's folder."""

    def __init__(
        self,
        trainer: Trainer,
        folder: Path,
        log: LogWriter,
        stop: threading.Event,
        clock: EvenClock,
    ) -> None:
        self._trainer = trainer
        self._folder = folder
        self._log = log
        self._stop = stop
        self._clock = clock
        self._has_told = False

    def tell(self, line: Line) -> None:
        """Log a line, waiting for room.

        Raises OSError when patience is over, and BrokenOffError at the wish to stop.
        """
        if not self._written_at_last(lambda: self._log.write(line)):
            raise BrokenOffError

    def save(self, step: int) -> bool:
        """Save the state, behind which lies nothing that the log does not hold; whether it was.

        On a full disk the state before the last makes room. If that is not enough, the run goes
        on without, says so, and tries again later.
        """
        path = state_path(self._folder, step)
        earlier = [state for state in states(self._folder) if state != path]
        # What a kill between writing and removing has left: kills would add up otherwise.
        _remove(earlier[:-KEPT_STATES])

        def write() -> None:
            self._log.sync()
            self._trainer.save_checkpoint(path)

        saved = self._written(write)
        if not saved:
            _remove(earlier[:-1])
            saved = self._written(write)
        if saved:
            _remove(earlier[: 1 - KEPT_STATES])
        self._note(step, saved=saved)
        return saved

    def export(self, step: int) -> bool:
        """Write an epoch's adapter; False, leaving nothing of it, if there is no room."""
        written = self._written(lambda: self._export(step))
        if not written:
            self._drop(step)
        self._note(step, saved=written)
        return written

    def export_patiently(self, step: int) -> bool:
        """Write the adapter at the end of a run, waiting for room; False at the wish to stop.

        Raises OSError when patience is over.
        """
        if self._written(lambda: self._export(step)):
            return True
        self._note(step, saved=False)
        if self._written_at_last(lambda: self._export(step)):
            return True
        self._drop(step)
        return False

    def _export(self, step: int) -> None:
        self._trainer.export_adapter(self._folder / adapter_name(step))

    def _drop(self, step: int) -> None:
        shutil.rmtree(self._folder / adapter_name(step), ignore_errors=True)

    def _note(self, step: int, *, saved: bool) -> None:
        """Say that the disk is full: once, until something could be written again."""
        if not saved and not self._has_told:
            self.tell(NotSaved(step=step, at=self._clock.now()))
        self._has_told = not saved

    def _written_at_last(self, write: Callable[[], None]) -> bool:
        """Write as soon as there is room; False at the wish to stop. Raises OSError."""
        deadline = time.monotonic() + ROOM_SECONDS
        while not self._written(write):
            if time.monotonic() > deadline:
                write()
            if self._stop.wait(RETRY_SECONDS):
                return False
        return True

    def _written(self, write: Callable[[], None]) -> bool:
        """Write; False if the disk is full."""
        try:
            write()
        except OSError as error:
            if not is_disk_full(error):
                raise
            return False
        return True


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
