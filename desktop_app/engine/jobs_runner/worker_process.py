"""A worker as the service sees it: a child process, stopped by closing its standard input."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ERRORS_NAME = "worker.stderr"


class WorkerProcess:
    """One attempt at a job. The service's death closes its standard input and so stops it too."""

    def __init__(self, job_folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._errors = job_folder / ERRORS_NAME
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "desktop_app.engine.worker", str(job_folder), log.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **environment},
                # Ctrl-C in a terminal is meant for the service, which then stops its worker.
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """Return how it ended, a signal as its negative number; None while it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Let it finish its step, save its state and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Wait for its end and free what it held."""
        self.ask_to_stop()
        self._process.wait()

    def last_words(self) -> str:
        """Return the last line it wrote: the kind and place of what ended it, if anything did."""
        lines = self._errors.read_bytes().decode(errors="replace").splitlines()
        return lines[-1][:200] if lines else ""
