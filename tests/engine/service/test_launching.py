"""Jobs trained by several processes: how they are started, ended, and what is told of them.

The launcher here is a small one of the tests' own, which does to processes what `accelerate launch`
does; each of them trains the whole job.
"""

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner import job_folder, rank_worker, ranks, ray_driver
from desktop_app.engine.jobs_runner.launching import Launch, Launcher, chosen
from desktop_app.engine.jobs_runner.ranks import CRASHED, KILLED, LastWord, verdict
from desktop_app.engine.jobs_runner.worker_exit import WorkerExit
from desktop_app.engine.jobs_runner.worker_log import next_attempt
from desktop_app.engine.machine import Machine
from tests.engine.service.launched_job import (
    attempt,
    end_of,
    kill,
    losses,
    measured,
    new_job,
    processes_of,
    wait_until,
)

LAUNCHER = """
import os, subprocess, sys, time
given = sys.argv[1:]
count = int(given[given.index("--num_processes") + 1])
module, *job = given[given.index("--module") + 1 :]
ranks = [
    subprocess.Popen(
        [sys.executable, "-m", module, *job],
        env={**os.environ, "RANK": str(n), "LOCAL_RANK": str(n), "WORLD_SIZE": str(count)},
        start_new_session=True,
    )
    for n in range(count)
]
while any(rank.poll() is None for rank in ranks):
    if any(rank.poll() for rank in ranks):
        for rank in ranks:
            rank.terminate()
            try:
                rank.wait(5)
            except subprocess.TimeoutExpired:
                rank.kill()
    time.sleep(0.02)
sys.exit(any(rank.returncode for rank in ranks))
"""
TWO = Launch(Launcher.ACCELERATE, processes=2)


@pytest.fixture
def launcher(tmp_path: Path) -> str:
    """The path under which Python finds the tests' launcher."""
    place = tmp_path / "launcher" / "accelerate" / "commands"
    place.mkdir(parents=True)
    (place.parent / "__init__.py").touch()
    (place / "__init__.py").touch()
    (place / "launch.py").write_text(LAUNCHER)
    return str(tmp_path / "launcher")


def test_several_processes_give_what_one_gives(
    tmp_path: Path, tiny_model: Path, launcher: str
) -> None:
    alone = new_job(tmp_path / "alone", tiny_model)
    with attempt(alone, Launch()) as worker:
        assert end_of(worker) == WorkerExit.DONE
    together = new_job(tmp_path / "together", tiny_model)
    with attempt(together, TWO, PYTHONPATH=launcher) as worker:
        assert end_of(worker) == WorkerExit.DONE
        assert worker.last_words() == ""
    assert losses(together) == losses(alone)
    # The second process has disturbed nothing: there is one log, and each adapter once.
    assert [path.name for path in together.glob("attempt-*.jsonl")] == ["attempt-0001.jsonl"]
    adapters = list(together.glob("adapter-*"))
    assert len(adapters) == 2
    assert not any(path.stat().st_mode & 0o077 for path in adapters)
    job_folder.clear(together, {path.name for path in together.glob("adapter-*")})
    assert {path.name.partition("-")[0] for path in together.iterdir()} == {"adapter"}


def test_the_end_of_standard_input_ends_them_all(
    tmp_path: Path, tiny_model: Path, launcher: str
) -> None:
    folder = new_job(tmp_path / "job", tiny_model, epochs=200)
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        wait_until(lambda: len(measured(folder)) > 3)
        started = processes_of(worker)
        assert len(started) == 2
        worker.ask_to_stop()
        assert end_of(worker, 20) == WorkerExit.STOPPED
        assert not any(process.is_running() for process in started)
    assert len(job_folder.states(folder)) == 1


@pytest.mark.parametrize("victim", [0, 1])
def test_a_process_that_is_killed_takes_the_others_with_it(
    tmp_path: Path, tiny_model: Path, launcher: str, victim: int
) -> None:
    folder = new_job(tmp_path / "job", tiny_model, epochs=200)
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        wait_until(lambda: len(measured(folder)) > 3)
        started = processes_of(worker)
        kill(started[victim])
        assert end_of(worker, 20) == KILLED
        assert not any(process.is_running() for process in started)


def test_a_kill_leaves_nobody(tmp_path: Path, tiny_model: Path, launcher: str) -> None:
    folder = new_job(tmp_path / "job", tiny_model, epochs=200)
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        wait_until(lambda: len(measured(folder)) > 1)
        started = processes_of(worker)
        worker.kill()
        assert end_of(worker, 20) == KILLED
        psutil.wait_procs(started, timeout=10)
        assert not any(process.is_running() for process in started)


def test_a_reason_is_passed_on(tmp_path: Path, launcher: str) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF, but no more of it")
    folder = new_job(tmp_path / "job", tmp_path / "model.gguf")
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        assert end_of(worker) == WorkerExit.MODEL_FILE


def test_a_crash_is_named_without_anybodys_words(
    tmp_path: Path, tiny_model: Path, launcher: str
) -> None:
    folder = new_job(tmp_path / "job", tiny_model)
    (folder / job_folder.SETTINGS).write_text("my secret")
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        # The launcher may end the slower one before it can say why: then it is tried again.
        assert end_of(worker) in {CRASHED, KILLED}
        assert "DecodeError at " in worker.last_words()
    assert "secret" not in (folder / "worker.stderr").read_text()


def test_a_launcher_that_is_not_there(tmp_path: Path, tiny_model: Path) -> None:
    folder = new_job(tmp_path / "job", tiny_model)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "accelerate.py").touch()
    with attempt(folder, TWO, PYTHONPATH=str(tmp_path / "none")) as worker:
        assert end_of(worker) == CRASHED
        assert "accelerate" in worker.last_words()


DONE, STOPPED = LastWord(WorkerExit.DONE), LastWord(WorkerExit.STOPPED)
CRASH, NO_MEMORY = LastWord(CRASHED, "Error at x.py:1"), LastWord(WorkerExit.NO_MEMORY)


@pytest.mark.parametrize(
    ("words", "asked", "code"),
    [
        ([DONE, DONE], False, WorkerExit.DONE),
        # The second one was ended because it was slow to notice.
        ([DONE, None], False, WorkerExit.DONE),
        ([STOPPED, None], True, WorkerExit.STOPPED),
        ([STOPPED, CRASH], True, WorkerExit.STOPPED),
        ([STOPPED, STOPPED], False, WorkerExit.STOPPED),
        # The launcher has ended the first one because the second was killed.
        ([STOPPED, None], False, KILLED),
        # Whoever is left alone crashes: the kill is the reason.
        ([CRASH, None], False, KILLED),
        ([None, CRASH], False, KILLED),
        ([None, None], False, KILLED),
        ([CRASH, CRASH], False, CRASHED),
        ([CRASH, STOPPED], False, CRASHED),
        ([STOPPED, CRASH], False, CRASHED),
        ([CRASH, NO_MEMORY], False, WorkerExit.NO_MEMORY),
        ([None, NO_MEMORY], False, WorkerExit.NO_MEMORY),
    ],
)
def test_the_verdict(words: Sequence[LastWord | None], asked: bool, code: int) -> None:
    assert verdict(words, asked_to_stop=asked) == code


def test_words_that_are_torn_count_as_none(tmp_path: Path) -> None:
    log = tmp_path / "attempt-0001.jsonl"
    ranks.leave(log, 0, CRASH)
    ranks.word_path(log, 1).write_text('{"code":')
    assert ranks.last_words(log, 3) == [CRASH, None, None]


def test_the_file_that_asks_for_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []

    def leave(code: int) -> None:
        ended.append(code)
        raise SystemExit

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(ranks, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(ranks, "PATIENCE_SECONDS", 0.1)
    log, stop = tmp_path / "attempt-0001.jsonl", threading.Event()

    def heed() -> None:
        with suppress(SystemExit):
            ranks.heed(log, stop)

    heeding = threading.Thread(target=heed)
    heeding.start()
    assert not stop.wait(0.05)
    ranks.stop_path(log).touch()
    assert stop.wait(5)
    # It hangs in spite of it, and waits for nobody any more.
    heeding.join(5)
    assert ended == [0]


def test_what_a_launch_is_told_by() -> None:
    launch = Launch(Launcher.RAY, 3, ray_address="head:6379", on_cpu=True)
    assert chosen(launch.told()) == launch
    assert chosen({}) == Launch()
    with pytest.raises(ValueError, match="launcher"):
        chosen({"EXEMPLAR_LAUNCH": '{"launcher": "mpirun"}'})


def test_a_lone_worker_does_not_take_itself_for_one_of_many() -> None:
    given = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "PATH": "/bin"}
    assert Launch().environment(given) == {"PATH": "/bin"}


def test_processes_share_the_threads() -> None:
    given = {"OMP_NUM_THREADS": "9", "OPENBLAS_NUM_THREADS": "1", "RANK": "0"}
    environment = Launch(Launcher.ACCELERATE, 4, on_cpu=True).environment(given)
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert environment["ACCELERATE_USE_CPU"] == "true"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert "RANK" not in environment


def test_a_configuration_of_ones_own_says_the_rest() -> None:
    plain = Launch(Launcher.ACCELERATE, 2).command(Path("/job"), "log")
    own = Launch(Launcher.ACCELERATE, 2, config="/fsdp.yaml").command(Path("/job"), "log")
    assert plain[0] == own[0] == sys.executable
    assert "--multi_gpu" in plain
    assert "--multi_gpu" not in own
    assert own[own.index("--config_file") + 1] == "/fsdp.yaml"


def test_a_folder_of_ones_own(tmp_path: Path, tiny_model: Path) -> None:
    folder = new_job(tmp_path / "job", tiny_model)
    state = job_folder.state_path(folder, 4)
    state.write_bytes(b"state")
    (folder / job_folder.START).mkdir()
    (folder / job_folder.START / "adapter_config.json").write_text("{}")
    (folder / job_folder.REFERENCE).write_text("kept\n")
    (folder / job_folder.PLAN).write_text("{}")
    place = rank_worker.shadow(folder, 1)
    assert (place / job_folder.PLAN).exists()
    assert (place / state.name).read_bytes() == b"state"
    assert (place / job_folder.START / "adapter_config.json").exists()
    with (place / job_folder.REFERENCE).open("a") as growing:
        growing.write("more\n")
    (place / state.name).unlink()
    assert (folder / job_folder.REFERENCE).read_text() == "kept\n"
    assert state.exists()
    # Made anew at every attempt.
    state.unlink()
    assert not (rank_worker.shadow(folder, 1) / state.name).exists()


def test_what_asked_an_earlier_attempt_to_end_does_not_end_the_next(
    tmp_path: Path, tiny_model: Path, launcher: str
) -> None:
    """It had the same name, for it never came to have a log."""
    folder = new_job(tmp_path / "job", tiny_model)
    log = next_attempt(folder)
    ranks.stop_path(log).touch()
    for number in range(2):
        ranks.leave(log, number, CRASH)
    with attempt(folder, TWO, PYTHONPATH=launcher) as worker:
        assert not ranks.stop_path(log).exists()
        assert end_of(worker) == WorkerExit.DONE


def test_a_clusters_processes_compute_as_those_here_do() -> None:
    machine = Machine(NumpyLlamaBackend(), 3).worker_environment()
    given = machine | {"OPENBLAS_CORETYPE": "SKYLAKEX", "AWS_SECRET": "x"}
    told = Launch(Launcher.RAY, 2).environment(given)
    passed = ray_driver._environment(told)
    assert passed.items() >= {**machine, "OPENBLAS_CORETYPE": "SKYLAKEX"}.items()
    assert passed["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert "AWS_SECRET" not in passed
