"""One of several processes that train a job together.

python -m desktop_app.engine.jobs_runner.rank_worker JOB_FOLDER LOG_NAME, started by a launcher

All of them do what a worker alone does, in step with each other: the trainer sees to that. The
first one works in the job's folder; each of the others has a folder in it with links to all that
is read there, so that what it writes disturbs nobody.
"""

import os
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from desktop_app.engine import worker
from desktop_app.engine.jobs_runner import job_folder, ranks
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.service_log import where

WAIT_SECONDS = 0.05
GROWING = (job_folder.REFERENCE, job_folder.HELD_OUT_REFERENCE)
"""Files that are added to, and so must be copies."""


def main(arguments: list[str]) -> int:
    """Train and return an exit code: anything but 0 lets a launcher end the other processes."""
    return take_part(Path(arguments[0]), arguments[1], worker.stop_when_told())


def in_cluster(job: Mapping[str, str]) -> None:
    """Train as one of a cluster's processes, which has no standard input of its own.

    Raises RuntimeError, so that the others are ended as well.
    """
    code = take_part(Path(job["folder"]), job["log_name"], threading.Event())
    if code:
        raise RuntimeError(f"ended with {code}")


def take_part(folder: Path, log_name: str, stop: threading.Event) -> int:
    """Do this process's part, leave its last word and return its exit code."""
    # A cluster's processes do not inherit it: what they write belongs to its owner alone.
    os.umask(0o077)
    log, number = folder / log_name, ranks.rank()
    threading.Thread(target=ranks.heed, args=(log, stop), daemon=True).start()
    try:
        word = ranks.LastWord(int(_train(folder, log_name, stop)))
    except Exception as error:  # noqa: BLE001  # a traceback could quote somebody's examples
        word = ranks.LastWord(ranks.CRASHED, where(error))
    ranks.leave(log, number, word)
    return 0 if word.code in (WorkerExit.DONE, WorkerExit.STOPPED) else word.code


def _train(folder: Path, log_name: str, stop: threading.Event) -> WorkerExit:
    if ranks.is_first():
        return worker.main([str(folder), log_name], stop)
    # The first one has a log as soon as no other attempt is at work in the folder any more.
    while not (folder / log_name).exists():
        if stop.wait(WAIT_SECONDS):
            return WorkerExit.STOPPED
    place = shadow(folder, ranks.rank())
    # It hears of the wish to end from the first one, in the midst of a step that they share.
    return worker.main([str(place), log_name], threading.Event())


def shadow(folder: Path, number: int) -> Path:
    """Make a folder in which a process finds a job as the first one does, and return it."""
    place = folder / f"rank-{number}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    names = [job_folder.TRAINING, job_folder.VALIDATION, job_folder.SETTINGS, job_folder.PLAN]
    for path in (*(folder / name for name in (*names, *GROWING)), *job_folder.states(folder)):
        if path.is_file():
            _link(path, place / path.name)
    if (folder / job_folder.START).is_dir():
        shutil.copytree(folder / job_folder.START, place / job_folder.START)
    return place


def _link(source: Path, path: Path) -> None:
    try:
        if source.name in GROWING:
            shutil.copyfile(source, path)
        else:
            os.link(source, path)
    except FileNotFoundError:  # the first process has just removed it as damaged
        return
    except OSError:  # a file system without hard links
        shutil.copyfile(source, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
