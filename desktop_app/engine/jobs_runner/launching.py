"""How workers are started: one process, or several that train one job together.

Several are started by programs made for that: `accelerate launch` on this computer, Ray Train on a
cluster. How it is to be done is a setting of the whole service and stands in its environment, as
the number of threads does.
"""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

VARIABLE = "EXEMPLAR_LAUNCH"
RANK_VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK")
"""What launchers tell a process: its number, counted from 0, and how many there are."""

WORKER = "desktop_app.engine.worker"
RANK_WORKER = "desktop_app.engine.jobs_runner.rank_worker"
RAY_DRIVER = "desktop_app.engine.jobs_runner.ray_driver"


class Launcher(StrEnum):
    """Which program starts a worker's processes."""

    PLAIN = "plain"
    ACCELERATE = "accelerate"
    RAY = "ray"


class Launch(Struct, frozen=True):
    """How to start a worker.

    `config` is a file as `accelerate config` writes it, for FSDP say; `ray_address` is HOST:PORT
    of a cluster's head, or "auto" for the cluster that this computer is a part of. On a processor
    instead of GPUs with `on_cpu`.
    """

    launcher: Launcher = Launcher.PLAIN
    processes: int = 1
    config: str | None = None
    ray_address: str = "auto"
    on_cpu: bool = False

    def told(self) -> dict[str, str]:
        """Return what to add to a service's environment, so that `chosen` finds it."""
        return {VARIABLE: msgspec.json.encode(self).decode()}

    @property
    def is_plain(self) -> bool:
        """Whether the worker is a single process of this computer."""
        return self.launcher is Launcher.PLAIN

    def command(self, job_folder: Path, log_name: str) -> list[str]:
        """Return the command that trains a job."""
        job = [str(job_folder), log_name]
        match self.launcher:
            case Launcher.PLAIN:
                return [sys.executable, "-m", WORKER, *job]
            case Launcher.ACCELERATE:
                return [*self._accelerate(), "--module", RANK_WORKER, *job]
            case Launcher.RAY:
                return [sys.executable, "-m", RAY_DRIVER, *job]

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return a worker's environment, made from the service's."""
        # A service may itself have been started by a launcher; its number is none of the worker's.
        environment = {name: text for name, text in given.items() if name not in RANK_VARIABLES}
        if self.is_plain:
            return environment
        if self.launcher is Launcher.ACCELERATE:
            environment |= _shared_threads(environment, self.processes)
        if self.on_cpu:
            environment["ACCELERATE_USE_CPU"] = "true"
        # Neither is to tell its makers of what is done here.
        return environment | {"RAY_USAGE_STATS_ENABLED": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}

    def _accelerate(self) -> list[str]:
        command = [sys.executable, "-m", "accelerate.commands.launch"]
        command += ["--num_processes", str(self.processes), "--main_process_port", "0"]
        if self.config is not None:
            return [*command, "--config_file", self.config]
        # All that is not said would be asked of a file of the user's, and warned of.
        # --multi_gpu stands for torchrun, which starts processes without GPUs as well.
        command += ["--multi_gpu", "--num_machines", "1", "--machine_rank", "0"]
        return [*command, "--mixed_precision", "no", "--dynamo_backend", "no"]


def chosen(environment: Mapping[str, str] = os.environ) -> Launch:
    """Return how this service starts its workers. Raises ValueError."""
    told = environment.get(VARIABLE)
    return Launch() if told is None else msgspec.json.decode(told, type=Launch)


def _shared_threads(environment: Mapping[str, str], processes: int) -> dict[str, str]:
    """Share out the threads of this computer among its processes."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {
        name: str(max(1, int(environment[name]) // processes))
        for name in names
        if environment.get(name, "").isdecimal()
    }
