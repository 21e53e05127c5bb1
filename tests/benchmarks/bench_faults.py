"""What faults cost: kills at random moments, and how soon a service stops, pauses and lets go.

Nothing acknowledged may be lost: a campaign that finds otherwise ends the benchmark. The kills are
of a tiny model; the rest is measured with the starter model, as it is used.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from desktop_app.engine.models.loaded_models import IDLE_SECONDS
from tests.benchmarks.bench_training import starter_model
from tests.engine.service.campaign import Campaign, KillableEngine, lost_training
from tests.engine.service.campaign_scenarios import all_scenarios
from tests.engine.service.engine_child import MODEL, example_lines, write_token
from tests.engine.tiny_model import write_tiny_model

SEED = 20
KILLS = 20
"""Of each of the ten kinds."""
STEERED = 12
"""Moments at which a run is paused, cancelled, and its service stopped."""
SAVED_SECONDS = 30.0
HOOK = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, os.getcwd())
if "desktop_app.engine.worker" in sys.orig_argv:
    from desktop_app.engine.jobs_runner import training_run
    from desktop_app.engine.jobs_runner.run_keeper import RunKeeper
    seconds = Path(os.environ["SAVE_SECONDS_FILE"])
    training_run.SAVE_SECONDS = float(seconds.read_text())
    save = RunKeeper.save
    def timed(self, step):
        began_at = time.monotonic()
        save(self, step)
        with seconds.with_name("saves").open("a") as file:
            file.write(f"{began_at} {time.monotonic() - began_at}\\n")
    RunKeeper.save = timed
elif "desktop_app.engine" in sys.orig_argv:
    from desktop_app.engine.backends.thread_settings import environment
    from desktop_app.engine.threads import usable_threads
    # The service does so itself, before NumPy is imported.
    os.environ.update(environment(usable_threads()))
    from desktop_app.engine.models.loaded_models import LoadedModels
    idle = Path(os.environ["SAVE_SECONDS_FILE"]).with_name("idle")
    LoadedModels.release_idle.__defaults__ = (float(idle.read_text()),)
"""
"""What Python runs first: states are timed, and weights let go of as soon as is wanted."""


@dataclass(frozen=True)
class Bench:
    """A folder for services with the starter model."""

    folder: Path
    model: Path
    token_file: Path
    alone: float
    """Seconds for which a service is left alone before its memory is read."""

    @contextmanager
    def engine(self, save_seconds: float) -> Iterator[KillableEngine]:
        """Run a service on the one store."""
        hooks = self.folder / "hooks"
        hooks.mkdir(exist_ok=True)
        (hooks / "sitecustomize.py").write_text(HOOK)
        (hooks / "seconds").write_text(str(save_seconds))
        (hooks / "idle").write_text(str(min(self.alone, IDLE_SECONDS)))
        engine = KillableEngine(self.folder / "store", self.token_file, self.model, hooks)
        try:
            yield engine
        finally:
            if engine.process.poll() is None:
                engine.stop()
            else:
                engine.release()


def kill_everything(folder: Path) -> None:
    """Print the faults tried by kind, and what they cost."""
    print(f"Kills, seed {SEED}")
    model = write_tiny_model(folder / "tiny.gguf")
    campaign = Campaign(folder / "campaign", write_token(folder), model, SEED)
    for scenario in all_scenarios(campaign, folder):
        campaign.run(scenario, KILLS)
    campaign.end()
    tally = campaign.tally
    for kind, kills in tally.kills.items():
        print(f"  {kind:20} {kills:4}")
    print(f"  {'faults tried':20} {sum(tally.kills.values()):4}")
    # Everything was compared on the way: what is lost would have ended the campaign.
    print(f"  {'states lost':20} {0:4}")
    print(f"  longest start after a kill {max(tally.recoveries):.2f} s")
    print(f"  most training lost {max(tally.training_lost):.2f} s of runs that save at once")


def steer(bench: Bench) -> None:
    """Print how long pausing, cancelling and stopping takes at random moments of a run."""
    draw = random.Random(SEED)
    print(f"Steering at {STEERED} random moments each, seed {SEED}; seconds: median, most")
    for name in ("pause", "cancel", "stop"):
        took = sorted(_steered(bench, name, draw.uniform(0, 8)) for _ in range(STEERED))
        print(f"  {name:8} {took[len(took) // 2]:.2f} {took[-1]:.2f}")


def _steered(bench: Bench, name: str, moment: float) -> float:
    """Steer a run that measures, saves and exports all the time; return how long it took."""
    with bench.engine(0.0) as engine:
        jobs = engine.client.fine_tuning.jobs
        job = engine.job(
            example_lines(12),
            validation_file=engine.upload(example_lines(6)),
            hyperparameters={"n_epochs": 50, "batch_size": 6},
        )
        if name == "pause":
            engine.when(job.id, {"running"})
        time.sleep(moment)
        worker = engine.worker()
        began_at = time.monotonic()
        if name == "stop":
            engine.process.terminate()
            engine.process.wait(60)
            engine.may_be_dead = True
            took = time.monotonic() - began_at
            with bench.engine(0.0) as again:
                again.client.fine_tuning.jobs.cancel(job.id)
            return took
        if name == "pause":
            jobs.pause(job.id)
            engine.when(job.id, {"paused"})
        else:
            jobs.cancel(job.id)
            with suppress(psutil.Error):
                if worker is not None:
                    worker.wait(60)
        took = time.monotonic() - began_at
        if name == "pause":
            jobs.cancel(job.id)
        return took


def save_states(bench: Bench) -> None:
    """Print what saving costs, and how much training a kill can cost."""
    with bench.engine(SAVED_SECONDS) as engine:
        saves = bench.folder / "hooks" / "saves"
        saves.unlink(missing_ok=True)
        job = engine.job(
            example_lines(48), hyperparameters={"n_epochs": 50, "batch_size": 8}, seed=1
        )
        began_at = time.monotonic()
        while not saves.exists() or len(saves.read_text().splitlines()) < 4:
            assert time.monotonic() - began_at < 300
            time.sleep(0.5)
        worker = engine.worker()
        assert worker is not None
        time.sleep(random.Random(SEED).uniform(0, SAVED_SECONDS))
        killed_at = time.time()
        worker.kill()
        while (lost := lost_training(engine, job.id, killed_at)) is None:
            time.sleep(0.1)
        engine.client.fine_tuning.jobs.cancel(job.id)
    told = [tuple(map(float, line.split())) for line in saves.read_text().splitlines()]
    # A kill right before the end of a save costs all that came after the last one had begun.
    gaps = [start + took - before for (before, _), (start, took) in pairwise(told)]
    share = sum(took for _, took in told[:-1]) / (told[-1][0] - told[0][0])
    print("States of a run, saved every half minute at the latest")
    print(f"  a state takes {max(took for _, took in told):.2f} s at most, {share:.2%} of the time")
    print(f"  the most that a kill can cost {max(gaps):.1f} s; one at random cost {lost:.1f} s")


def let_go(bench: Bench) -> None:
    """Print the memory of a service after chats and a run, once its weights are let go of."""
    with bench.engine(SAVED_SECONDS) as engine:
        process = psutil.Process(engine.process.pid)
        at_first = process.memory_info().rss
        job = engine.job(example_lines(12), hyperparameters={"n_epochs": 1})
        tuned = engine.finished(job.id, 120).fine_tuned_model
        most = 0
        for model in (MODEL, str(tuned)):
            for _ in range(2):
                engine.client.chat.completions.create(
                    model=model,
                    messages=[{"role": "user", "content": "Tell me a long story. " * 20}],
                    max_tokens=40,
                )
                most = max(most, process.memory_info().rss)
        log = engine.store / "engine.log"
        released = "released a model that nobody used"
        told = log.read_text().count(released)
        since = time.monotonic()
        while log.read_text().count(released) <= told or time.monotonic() < since + bench.alone:
            time.sleep(0.5)
        idle = process.memory_info().rss
    mib = 1024 * 1024
    print("Memory of the service, resident")
    print(f"  at the start {at_first / mib:.0f} MB, in a chat {most / mib:.0f} MB")
    print(f"  after {bench.alone:.0f} s alone, its weights let go of {idle / mib:.0f} MB")


def main() -> int:
    """Measure everything, or only what needs no starter model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=float, default=4.0, help="seconds before memory is read")
    parser.add_argument("--only-memory", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = starter_model()
        if model is None:
            print("The starter model is not installed: only the kills are tried.")
        else:
            bench = Bench(folder, model, write_token(folder), options.alone)
            let_go(bench)
            if options.only_memory:
                return 0
            save_states(bench)
            steer(bench)
        (folder / "kills").mkdir()
        kill_everything(folder / "kills")
    return 0


if __name__ == "__main__":
    sys.exit(main())
