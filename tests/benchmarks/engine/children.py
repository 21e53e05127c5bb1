"""Every contestant is a process of its own, which gets a request and prints an answer, in JSON."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from desktop_app.engine.backends.thread_settings import environment, training_environment

ROOT = Path(__file__).parents[3]
Answer = dict[str, Any]


class ChildError(Exception):
    """A contestant failed; its last words."""


def answering() -> dict[str, str]:
    """Return the variables of a process that answers, as the service sets them."""
    return environment()


def training(threads: int | None = None) -> dict[str, str]:
    """Return the variables of a process that trains, as the service sets them."""
    return training_environment(threads, threads)


def ask(
    module: str,
    request: Mapping[str, object],
    *,
    python: str = sys.executable,
    variables: Mapping[str, str] | None = None,
) -> Answer:
    """Run a module of this package; its last line is the answer, with its peak memory in MB.

    `others` is the share of the processors that the rest of the machine used meanwhile.
    """
    command = [python, "-m", f"tests.benchmarks.engine.{module}", json.dumps(request)]
    meter = Meter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | (variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ChildError(f"{module}: {' '.join(done.stderr.splitlines()[-3:])}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer | {"others": meter.others()}


def can_import(python: str, *modules: str) -> bool:
    """Whether a Python has all of these."""
    command = [python, "-c", f"import {', '.join(modules)}"]
    return not subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


@contextmanager
def another_busy_process() -> Iterator[None]:
    """Keep one core's worth of work going on beside."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def nothing_else() -> Iterator[None]:
    """Leave the machine as it is."""
    yield


class Meter:
    """What the machine did beside this process's children that have ended since."""

    def __init__(self) -> None:
        self._at, self._machine, self._own = time.perf_counter(), _machine_seconds(), _own_seconds()

    def others(self) -> float:
        """Return others' share of all processors."""
        elapsed = (time.perf_counter() - self._at) * (psutil.cpu_count() or 1)
        used = _machine_seconds() - self._machine - (_own_seconds() - self._own)
        return max(0.0, used / elapsed)


def _machine_seconds() -> float:
    times = psutil.cpu_times()
    return sum(getattr(times, name, 0.0) for name in ("user", "nice", "system"))


def _own_seconds() -> float:
    return sum(psutil.Process().cpu_times()[:4])
