"""Trains one job by several processes of a Ray cluster.

python -m desktop_app.engine.jobs_runner.ray_driver JOB_FOLDER LOG_NAME

All computers of the cluster must see the job's folder at the same place and have the same version
of this program. The end is asked for as of any worker: standard input closes.
"""

import importlib
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import desktop_app
from desktop_app.engine.jobs_runner import launching, ranks
from desktop_app.engine.jobs_runner.rank_worker import in_cluster
from desktop_app.engine.service_log import where

RESULTS = "ray"
"""The folder in the job's own where Ray Train keeps its notes of a run."""
PASSED_ON = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "ACCELERATE_USE_CPU",
    "OPENBLAS_CORETYPE",
    "HF_HUB_DISABLE_TELEMETRY",
)
OWN = "EXEMPLAR_"
"""How the names of this program's own variables begin."""


def main(arguments: list[str]) -> int:
    """Train; how it ended, the processes' last words tell."""
    folder, log_name = Path(arguments[0]), arguments[1]
    launch = launching.chosen()
    threading.Thread(target=_pass_on_end, args=(folder / log_name,), daemon=True).start()
    # An optional package without types of its own.
    ray: Any = importlib.import_module("ray")
    train: Any = importlib.import_module("ray.train")
    torch: Any = importlib.import_module("ray.train.torch")
    ray.init(
        address=launch.ray_address,
        log_to_driver=False,
        runtime_env={"env_vars": _environment(os.environ)},
    )
    gpus = 0 if launch.on_cpu else ray.cluster_resources().get("GPU", 0)
    trainer = torch.TorchTrainer(
        in_cluster,
        train_loop_config={"folder": str(folder), "log_name": log_name},
        scaling_config=train.ScalingConfig(
            num_workers=launch.processes, use_gpu=gpus >= launch.processes
        ),
        run_config=train.RunConfig(
            name=Path(log_name).stem,
            storage_path=str(folder / RESULTS),
            # A run that was cut off is taken up again by the service, from its own state.
            failure_config=train.FailureConfig(max_failures=0),
        ),
    )
    trainer.fit()
    return 0


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return what the cluster's processes are to know: threads, and where this program lies."""
    passed = {
        name: text for name, text in given.items() if name in PASSED_ON or name.startswith(OWN)
    }
    root = str(Path(desktop_app.__file__).parents[1])
    return passed | {"PYTHONPATH": os.pathsep.join(filter(None, [root, given.get("PYTHONPATH")]))}


def _pass_on_end(log: Path) -> None:
    # Not through sys.stdin: its lock, held by this thread, would disturb the exit.
    while os.read(0, 1024):
        pass
    ranks.stop_path(log).touch()


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Exception as error:  # noqa: BLE001  # a traceback could quote somebody's examples
        sys.stderr.write(where(error))
        code = 1
    sys.exit(code)
