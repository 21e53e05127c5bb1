"""How fast this computer trains: measured by the last job, else by a short trial."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.jobs_runner.log_intake import SPEED_FACT
from desktop_app.engine.machine import Machine
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.facts import fact, set_fact

log = logging.getLogger(__name__)

TRIAL_SECONDS = 120.0


class SpeedMeter:
    """Remembers the speed and, when asked for one that nobody knows, tries once."""

    def __init__(self, database: Database, machine: Machine) -> None:
        self._database = database
        self._machine = machine
        self._lock = threading.Lock()
        self._asked_for: Path | None = None
        self._tried = False

    def tokens_per_second(self) -> float | None:
        """Return the speed if it is known."""
        known = fact(self._database, SPEED_FACT)
        return None if known is None else float(known)

    def ask_for(self, model: Path) -> None:
        """Have the speed measured with this model as soon as no job runs."""
        with self._lock:
            if not self._tried:
                self._asked_for = model

    def measure_if_asked(self, *, give_up: Callable[[], bool]) -> None:
        """Measure if somebody asked; `give_up` is called several times a second."""
        with self._lock:
            model, self._asked_for = self._asked_for, None
        if model is None or self.tokens_per_second() is not None:
            return
        try:
            if self._machine.lacks_memory(model, training=True):
                return
        except ModelFileError:
            return
        speed = self._trial(model, give_up)
        if speed is not None:
            set_fact(self._database, SPEED_FACT, str(speed))

    def _trial(self, model: Path, give_up: Callable[[], bool]) -> float | None:
        process = subprocess.Popen(
            [sys.executable, "-m", "desktop_app.engine.speed_trial", str(model)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self._machine.worker_environment()},
            start_new_session=True,
        )
        for _ in range(int(TRIAL_SECONDS / 0.1)):
            try:
                output, _ = process.communicate(timeout=0.1)
            except subprocess.TimeoutExpired:
                if not give_up():
                    continue
                break
            self._tried = True
            if process.returncode == 0:
                return float(output)
            log.warning("the speed trial ended with %s", process.returncode)
            return None
        process.kill()
        process.communicate()
        return None
