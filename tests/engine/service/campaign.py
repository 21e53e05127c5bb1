"""Kills a service and its worker at random moments while a client works with them.

After every kill and restart, all that was acknowledged must be there and whole, no job may lie
about its state, and a run must end with the bytes that an undisturbed one gives.
"""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx2
import openai
import psutil
from typing_extensions import override

from desktop_app.engine.jobs_runner.worker_log import LogReader, Measured, Started, attempts
from tests.engine.service.engine_child import TOKEN, Engine, first_line, new_client, start_engine
from tests.engine.service.own_api import Caller

HOOK = """
import os, sys
sys.path.insert(0, os.getcwd())
from pathlib import Path
if "desktop_app.engine.worker" in sys.orig_argv:
    from desktop_app.engine.jobs_runner import training_run
    training_run.SAVE_SECONDS = float(Path(os.environ["SAVE_SECONDS_FILE"]).read_text())
"""
"""What Python runs first in the service and its workers: how often a run saves its state."""

GONE = (openai.APIConnectionError, openai.APITimeoutError, httpx2.HTTPError)
"""What a client sees of a service that was killed."""
BOTH, SERVICE, WORKER = "both", "service", "worker"


class KillableEngine(Engine):
    """A service with a hook in it; `started_in` is how long it took to its first answer."""

    @override
    def __init__(
        self, store: Path, token_file: Path, starter: Path, hooks: Path, *arguments: str
    ) -> None:
        self.store = store
        self.may_be_dead = False
        began_at = time.monotonic()
        self.process = start_engine(
            store,
            token_file,
            "--starter-model",
            str(starter),
            *arguments,
            PYTHONPATH=str(hooks),
            SAVE_SECONDS_FILE=str(hooks / "seconds"),
        )
        self.base_url = str(first_line(self.process)["base_url"])
        self.client = new_client(self.base_url)
        self.client.models.list()
        self.started_in = time.monotonic() - began_at
        self.own = Caller(self.base_url)

    @override
    def release(self) -> None:
        self.own.close()
        super().release()

    def strike(self, victim: str) -> None:
        """Kill the service, its worker, or both as a power cut would."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        if victim != WORKER:
            self.may_be_dead = True
            self.process.kill()
            self.process.wait(10)
        if victim != SERVICE:
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()


class Scenario(Protocol):
    """Something that a client does with a service, and what must hold after a kill."""

    name: str
    victims: tuple[str, ...]
    seconds: float
    """Within so much time from its beginning a kill comes."""

    def begin(self) -> None:
        """Prepare for the first kill."""
        return

    def work(self, engine: KillableEngine) -> None:
        """Work until it is done or the service is gone."""
        ...

    def settle(self, engine: KillableEngine) -> None:
        """Check what was acknowledged, after a kill."""
        ...

    def finish(self, engine: KillableEngine) -> None:
        """Let what was begun come to its end, and check that."""
        ...


@dataclass
class Tally:
    """What a campaign has seen."""

    kills: dict[str, int] = field(default_factory=dict)
    recoveries: list[float] = field(default_factory=list)
    training_lost: list[float] = field(default_factory=list)


class Campaign:
    """One store, and the services that run on it one after the other."""

    def __init__(self, folder: Path, token_file: Path, starter: Path, seed: int) -> None:
        self.draw = random.Random(seed)
        self.tally = Tally()
        self.store = folder / "store"
        self.hooks = folder / "hooks"
        self.hooks.mkdir(parents=True)
        (self.hooks / "sitecustomize.py").write_text(HOOK)
        self.save_every(30.0)
        self._token_file = token_file
        self._starter = starter
        self._fault: Exception | None = None
        self.killed_at = 0.0
        self.engine = self._start()

    def save_every(self, seconds: float) -> None:
        """Say how often the workers to come save their states."""
        (self.hooks / "seconds").write_text(str(seconds))

    def run(self, scenario: Scenario, kills: int) -> None:
        """Kill so often, then let everything end and look for what was left lying about."""
        scenario.begin()
        for _ in range(kills):
            self._kill_once(scenario)
        scenario.finish(self.engine)
        self.when(lambda: not litter(self.engine), "there is litter")

    def end(self) -> None:
        """Stop the last service."""
        if self.engine.process.poll() is None:
            self.engine.stop()
        else:
            self.engine.release()

    def when(self, happens: Callable[[], object], otherwise: str, seconds: float = 60) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not happens():
            assert time.monotonic() < deadline, f"{otherwise}: {litter(self.engine)}"
            time.sleep(0.02)

    def _start(self) -> KillableEngine:
        return KillableEngine(self.store, self._token_file, self._starter, self.hooks)

    def _kill_once(self, scenario: Scenario) -> None:
        working = threading.Thread(target=self._work, args=(scenario,))
        working.start()
        # A random moment is what this is about: there is nothing else to wait for.
        working.join(self.draw.uniform(0, scenario.seconds))
        victim = self.draw.choice(scenario.victims)
        self.tally.kills[scenario.name] = self.tally.kills.get(scenario.name, 0) + 1
        self.killed_at = time.time()
        self.engine.strike(victim)
        working.join(60)
        assert not working.is_alive()
        assert self._fault is None, self._fault
        if victim != WORKER:
            self.engine.release()
            self._restart()
        scenario.settle(self.engine)

    def _restart(self) -> None:
        """Start again; one start in ten is killed too, in the middle of its tidying."""
        began_at = time.monotonic()
        if self.draw.random() < 0.1:
            process = start_engine(self.store, self._token_file)
            time.sleep(self.draw.uniform(0.2, 0.5))
            process.kill()
            process.communicate()
            self.tally.kills["start"] = self.tally.kills.get("start", 0) + 1
            began_at = time.monotonic()
        self.engine = self._start()
        self.tally.recoveries.append(time.monotonic() - began_at)

    def _work(self, scenario: Scenario) -> None:
        try:
            scenario.work(self.engine)
        except GONE:
            return
        except Exception as error:  # noqa: BLE001  # told on the thread of the test
            self._fault = error


def lost_training(engine: KillableEngine, job_id: str, killed_at: float) -> float | None:
    """Return how many seconds of training are repeated; None if the run has not gone on yet."""
    told: dict[int, float] = {}
    for path in attempts(engine.store / "jobs" / job_id):
        # The folder may be cleared meanwhile, at the end of the job.
        with suppress(FileNotFoundError):
            for line in LogReader(path).lines():
                if isinstance(line, Started) and line.at > killed_at:
                    first = min(told.values(), default=0.0)
                    return max(told.values(), default=0.0) - told.get(line.step, first)
                if isinstance(line, Measured):
                    told[line.step] = line.at
    return None


def litter(engine: KillableEngine) -> list[str]:
    """Return what lies in a store that nobody works with, and belongs to nothing."""
    store = engine.store
    client = engine.client
    known = {file.id for file in client.files.list(limit=10_000)}
    found = [path for path in (store / "files").iterdir() if path.name not in known]
    found += (store / "temporary").iterdir()
    found += [path for path in store.rglob("*") if path.name.startswith(".")]
    found += store.rglob("*.part")
    for upload in (store / "uploads").iterdir():
        if upload_status(engine, upload.name) != "pending":
            found.append(upload)
    for job in client.fine_tuning.jobs.list(limit=1000):
        checkpoints = client.fine_tuning.jobs.checkpoints.list(job.id)
        kept = {f"adapter-{checkpoint.step_number:08}" for checkpoint in checkpoints}
        folder = store / "jobs" / job.id
        if job.status in {"succeeded", "failed", "cancelled"}:
            found += [path for path in folder.iterdir() if path.name not in kept]
            found += [folder / name for name in kept if not whole_adapter(folder / name)]
    jobs = {job.id for job in client.fine_tuning.jobs.list(limit=1000)}
    found += [path for path in (store / "jobs").iterdir() if path.name not in jobs]
    return [str(path.relative_to(store)) for path in found]


def whole_adapter(folder: Path) -> bool:
    """Whether a model that is offered has its files, and nothing besides."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return names == {"adapter_model.safetensors", "adapter_config.json"}


def upload_status(engine: KillableEngine, upload_id: str) -> str:
    """Return how an upload in parts stands."""
    answer = httpx2.get(
        f"{engine.base_url}/uploads/{upload_id}",
        headers={"authorization": f"Bearer {TOKEN}"},
        trust_env=False,
    )
    return str(answer.json().get("status"))
