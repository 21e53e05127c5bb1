"""A worker as the service sees it: a child process, stopped by closing its standard input.

The child may be a launcher of several processes (see `launching`); nobody but this class knows.
"""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from desktop_app.engine.jobs_runner import launching, ranks

ERRORS_NAME = "worker.stderr"


class WorkerProcess:
    """One attempt at a job. The service's death closes its standard input and so stops it too."""

    def __init__(self, job_folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._errors = job_folder / ERRORS_NAME
        self._log = log
        self._was_asked = False
        _remove_left_over(log)
        whole = {**os.environ, **environment}
        self._launch = launching.chosen(whole)
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                self._launch.command(job_folder, log.name),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=self._launch.environment(whole),
                # Ctrl-C in a terminal is meant for the service, which then stops its worker.
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """Return how it ended, a signal as its negative number; None while it runs."""
        code = self._process.poll()
        if code is None or self._launch.is_plain:
            return code
        words = self._words()
        # With neither a log nor a word no process has begun: it was the launcher that failed.
        if not self._log.exists() and not any(words):
            return code or ranks.CRASHED
        return ranks.verdict(words, asked_to_stop=self._was_asked)

    def ask_to_stop(self) -> None:
        """Let it finish its step, save its state and end."""
        self._was_asked = True
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        """End it at once, with all that it has started."""
        started: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def close(self) -> None:
        """Wait for its end and free what it held."""
        self.ask_to_stop()
        self._process.wait()

    def last_words(self) -> str:
        """Return the last line it wrote: the kind and place of what ended it, if anything did."""
        told = [word.where for word in self._words() if word is not None and word.where]
        if told:
            return told[0][:200]
        lines = self._errors.read_bytes().decode(errors="replace").splitlines()
        return lines[-1][:200] if lines else ""

    def _words(self) -> list[ranks.LastWord | None]:
        return ranks.last_words(self._log, self._launch.processes)


def _remove_left_over(log: Path) -> None:
    """Remove what asked an attempt to end that never had a log, and so has this one's name."""
    ranks.stop_path(log).unlink(missing_ok=True)
    for word in log.parent.glob(f"{log.stem}.end-*"):
        word.unlink()
