"""What clients do while a campaign kills the service: upload, train, export, take in."""

import hashlib
import random
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.service.campaign import (
    BOTH,
    SERVICE,
    WORKER,
    Campaign,
    KillableEngine,
    Scenario,
    lost_training,
)
from tests.engine.service.engine_child import FINISHED, MODEL, example_lines
from tests.engine.tiny_model import write_tiny_model


def digest(data: bytes) -> str:
    """Return a checksum."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class Uploading(Scenario):
    """Files sent whole, one after the other."""

    draw: random.Random
    name: str = "upload"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.3
    sent: set[str] = field(default_factory=set)
    acknowledged: dict[str, str] = field(default_factory=dict)

    def work(self, engine: KillableEngine) -> None:
        while True:
            content = self.draw.randbytes(self.draw.choice([10, 5000, 200_000, 3_000_000]))
            self.sent.add(digest(content))
            file = engine.client.files.create(file=("a.jsonl", content), purpose="fine-tune")
            self.acknowledged[file.id] = digest(content)

    def settle(self, engine: KillableEngine) -> None:
        listed = {file.id: file for file in engine.client.files.list(limit=10_000)}
        assert self.acknowledged.keys() <= listed.keys()
        some = self.draw.sample(sorted(self.acknowledged), min(3, len(self.acknowledged)))
        self._compare(engine, some)

    def finish(self, engine: KillableEngine) -> None:
        self._compare(engine, list(self.acknowledged))
        for file in engine.client.files.list(limit=10_000):
            if file.filename == "a.jsonl":
                # One whose answer was lost may be there, but then it is whole.
                content = engine.client.files.content(file.id).content
                assert (len(content), digest(content) in self.sent) == (file.bytes, True)
                engine.client.files.delete(file.id)

    def _compare(self, engine: KillableEngine, file_ids: list[str]) -> None:
        for file_id in file_ids:
            content = engine.client.files.content(file_id).content
            assert digest(content) == self.acknowledged[file_id]


@dataclass
class _Parts:
    content: bytes
    upload: str
    acknowledged: list[tuple[str, bytes]] = field(default_factory=list)
    file: str | None = None


@dataclass
class UploadingParts(Scenario):
    """Files sent in parts; one that a kill has stopped goes on behind what was acknowledged."""

    draw: random.Random
    name: str = "upload in parts"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.3
    current: _Parts | None = None
    files: dict[str, str] = field(default_factory=dict)

    def work(self, engine: KillableEngine) -> None:
        while True:
            self._complete(engine)

    def settle(self, engine: KillableEngine) -> None:
        for file_id, wanted in list(self.files.items())[-3:]:
            assert digest(engine.client.files.content(file_id).content) == wanted

    def finish(self, engine: KillableEngine) -> None:
        self._complete(engine)
        for file_id, wanted in self.files.items():
            assert digest(engine.client.files.content(file_id).content) == wanted
            engine.client.files.delete(file_id)

    def _complete(self, engine: KillableEngine) -> None:
        uploads = engine.client.uploads
        if self.current is None:
            content = self.draw.randbytes(self.draw.randrange(1, 2_000_000))
            made = uploads.create(
                filename="b.jsonl", purpose="fine-tune", bytes=len(content), mime_type="text/plain"
            )
            self.current = _Parts(content, made.id)
        current = self.current
        done = sum(len(data) for _, data in current.acknowledged)
        while done < len(current.content):
            data = current.content[done : done + self.draw.randrange(1, 700_000)]
            part = uploads.parts.create(current.upload, data=data)
            current.acknowledged.append((part.id, data))
            done += len(data)
        ids = [part_id for part_id, _ in current.acknowledged]
        checksum = hashlib.md5(current.content, usedforsecurity=False).hexdigest()
        # Asked again after a lost answer, it returns what it returned then.
        completed = uploads.complete(current.upload, part_ids=ids, md5=checksum)
        assert completed.file is not None
        self.files[completed.file.id] = digest(current.content)
        self.current = None


@dataclass
class Validating(Scenario):
    """Jobs whose files have their only fault in the last line."""

    name: str = "validation"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.6
    lines: tuple[str, ...] = (*example_lines(3000), "{}")
    jobs: list[str] = field(default_factory=list)

    def work(self, engine: KillableEngine) -> None:
        for _ in range(2):
            self.jobs.append(engine.job(list(self.lines)).id)
        for job_id in self.jobs[-2:]:
            self._check(engine, job_id)

    def settle(self, engine: KillableEngine) -> None:
        listed = {job.id for job in engine.client.fine_tuning.jobs.list(limit=1000)}
        assert set(self.jobs) <= listed

    def finish(self, engine: KillableEngine) -> None:
        for job_id in self.jobs:
            self._check(engine, job_id)

    def _check(self, engine: KillableEngine, job_id: str) -> None:
        deadline = time.monotonic() + 60
        while (job := engine.client.fine_tuning.jobs.retrieve(job_id)).status not in FINISHED:
            assert job.status == "validating_files"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert job.status == "failed"
        assert job.error is not None
        assert job.error.param == "training_file"
        assert job.error.code == "invalid_training_file", job.error


@dataclass
class Training(Scenario):
    """One run after another, each killed up to `most` times before it may end."""

    campaign: Campaign
    name: str
    settings: dict[str, Any]
    save_seconds: float = 30.0
    seconds: float = 1.2
    victims: tuple[str, ...] = (SERVICE, WORKER, BOTH)
    aims_at_the_end: bool = False
    most: int = 3
    job: str | None = None
    kills: int = 0
    steps: int = 0
    wanted: str = ""
    losses: list[tuple[int, float]] = field(default_factory=list)

    def prepare(self) -> "Training":
        """Run once undisturbed."""
        engine = self.campaign.engine
        self.campaign.save_every(self.save_seconds)
        job = engine.job(example_lines(12), **self.settings)
        assert engine.finished(job.id).status == "succeeded"
        self.losses, self.wanted = engine.losses(job.id), engine.adapter_digest(job.id)
        self.steps = len(self.losses)
        return self

    def begin(self) -> None:
        self.campaign.save_every(self.save_seconds)

    def work(self, engine: KillableEngine) -> None:
        if self.job is None:
            self.kills = 0
            self.job = engine.job(example_lines(12), **self.settings).id
        if self.aims_at_the_end:
            self._await_step(engine, self.steps - 1)

    def settle(self, engine: KillableEngine) -> None:
        self.kills += 1
        if self.job is None:
            return
        self._check_events(engine, self.job)
        self._note_lost(engine, self.job)
        if self.kills >= self.most:
            self.finish(engine)

    def finish(self, engine: KillableEngine) -> None:
        if self.job is None:
            return
        job = engine.finished(self.job, 90)
        assert job.status == "succeeded", (job.status, job.error)
        assert engine.losses(self.job) == self.losses
        assert engine.adapter_digest(self.job) == self.wanted
        assert job.finished_at is not None
        assert job.finished_at >= job.created_at
        (result,) = job.result_files
        table = engine.client.files.content(result).content.decode().splitlines()
        told = [line.split(",")[0] for line in table]
        assert told == ["step", *map(str, range(1, self.steps + 1))]
        self._check_events(engine, self.job)
        self.job = None

    def _note_lost(self, engine: KillableEngine, job_id: str) -> None:
        """Wait until the run goes on, or is over; note what the kill has cost it."""
        deadline = time.monotonic() + 60
        while engine.client.fine_tuning.jobs.retrieve(job_id).status not in FINISHED:
            assert time.monotonic() < deadline, "the run does not go on"
            lost = lost_training(engine, job_id, self.campaign.killed_at)
            if lost is not None:
                self.campaign.tally.training_lost.append(lost)
                return
            time.sleep(0.02)

    def _await_step(self, engine: KillableEngine, step: int) -> None:
        assert self.job is not None
        deadline = time.monotonic() + 60
        while engine.client.fine_tuning.jobs.retrieve(self.job).status not in FINISHED:
            if engine.losses(self.job)[-1:] >= [(step, 0.0)]:
                return
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def _check_events(self, engine: KillableEngine, job_id: str) -> None:
        events = engine.events(job_id)
        assert len({event.id for event in events}) == len(events)
        times = [event.created_at for event in events]
        assert times == sorted(times)
        steps = [step for step, _ in engine.losses(job_id)]
        assert steps == list(range(1, len(steps) + 1))


@dataclass
class Exporting(Scenario):
    """A tuned model taken out again and again, each time in the place of the last."""

    model: str
    folder: Path
    name: str = "export"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.5
    kinds: tuple[str, ...] = ("adapter", "merged", "gguf-f16")
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)

    def prepare(self, engine: KillableEngine) -> "Exporting":
        """Take everything out once undisturbed."""
        self.folder.mkdir()
        for kind in self.kinds:
            body = engine.own.exported(self.model, kind, self.folder, replace=True)
            assert body["status"] == "succeeded", body
            self.wanted[body["path"]] = self._content(Path(body["path"]))
        return self

    def work(self, engine: KillableEngine) -> None:
        while True:
            for kind in self.kinds:
                status, body = engine.own.export(self.model, kind, self.folder, replace=True)
                assert status == 202
                self.acknowledged.append(body["id"])
                engine.own.ended(body["id"])

    def settle(self, engine: KillableEngine) -> None:
        told = {body["id"]: body for body in engine.own.ask("GET", "exports")[1]["data"]}
        for export_id in self.acknowledged[-50:]:
            body = told[export_id]
            assert body["status"] in {"succeeded", "failed"}
            assert body["error"] is None or body["error"]["code"] == "interrupted"
        for path, wanted in self.wanted.items():
            assert self._content(Path(path)) == wanted
        assert sorted(str(path) for path in self.folder.iterdir()) == sorted(self.wanted)

    def finish(self, engine: KillableEngine) -> None:
        body = engine.own.exported(self.model, self.kinds[0], self.folder, replace=True)
        assert body["status"] == "succeeded"

    def _content(self, folder: Path) -> dict[str, str]:
        return {path.name: digest(path.read_bytes()) for path in sorted(folder.iterdir())}


@dataclass
class TakingAdapters(Scenario):
    """An adapter from elsewhere taken in again and again."""

    adapter: Path
    name: str = "adapter import"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.3
    acknowledged: list[str] = field(default_factory=list)

    def work(self, engine: KillableEngine) -> None:
        while True:
            body = {"folder": str(self.adapter), "name": "taken"}
            status, answer = engine.own.ask("POST", "adapters", body)
            assert status == 201, answer
            self.acknowledged.append(answer["id"])

    def settle(self, engine: KillableEngine) -> None:
        listed = {model.id for model in engine.client.models.list()}
        assert set(self.acknowledged) <= listed
        folders = list((engine.store / "adapters").glob("*"))
        assert len(folders) == len([name for name in listed if ":taken:" in name])

    def finish(self, engine: KillableEngine) -> None:
        weights = {
            digest((folder / "adapter_model.safetensors").read_bytes())
            for folder in (engine.store / "adapters").iterdir()
        }
        assert len(weights) <= 1
        for model in self.acknowledged[-1:]:
            engine.client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "hello"}], max_tokens=1
            )


@dataclass
class TakingModels(Scenario):
    """Model files taken in one after the other."""

    source: Path
    name: str = "model taking"
    victims: tuple[str, ...] = (SERVICE,)
    seconds: float = 0.15
    asked: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)

    def work(self, engine: KillableEngine) -> None:
        for _ in range(8):
            self.asked += 1
            path = write_tiny_model(self.source / f"taken-{self.asked}.gguf", seed=self.asked)
            status, answer = engine.own.ask("POST", "models", {"path": str(path)})
            assert status == 201, answer
            self.acknowledged[answer["id"]] = digest(path.read_bytes())

    def settle(self, engine: KillableEngine) -> None:
        listed = {model.id for model in engine.client.models.list()}
        assert self.acknowledged.keys() <= listed
        for model, wanted in self.acknowledged.items():
            content = (engine.store / "models" / f"{model}.gguf").read_bytes()
            assert digest(content) == wanted
        assert not list((engine.store / "models").glob("*.part"))

    def finish(self, engine: KillableEngine) -> None:
        for model in engine.client.models.list():
            assert model.id.startswith((MODEL, "taken-", "ft:"))


def all_scenarios(campaign: Campaign, folder: Path) -> list[Scenario]:
    """Return one of each kind, with what an undisturbed service gives to compare with."""
    long = {"seed": 5, "hyperparameters": {"n_epochs": 15, "batch_size": 1}}
    epochs = {"seed": 6, "hyperparameters": {"n_epochs": 12, "batch_size": 12}}
    short = {"seed": 7, "hyperparameters": {"n_epochs": 1, "batch_size": 6}}
    trainings = [
        Training(campaign, "training", long, save_seconds=0.2).prepare(),
        Training(campaign, "checkpoint", long, save_seconds=0.0).prepare(),
        Training(campaign, "adapter", epochs, save_seconds=0.0, seconds=0.8).prepare(),
        Training(campaign, "result", short, seconds=0.5, aims_at_the_end=True, most=1).prepare(),
    ]
    engine = campaign.engine
    job = next(iter(engine.client.fine_tuning.jobs.list()))
    adapter = folder / "adapter"
    shutil.copytree(next((engine.store / "jobs" / job.id).glob("adapter-*")), adapter)
    (folder / "models").mkdir()
    return [
        Uploading(campaign.draw),
        UploadingParts(campaign.draw),
        Validating(),
        *trainings,
        Exporting(str(job.fine_tuned_model), folder / "exports").prepare(engine),
        TakingAdapters(adapter),
        TakingModels(folder / "models"),
    ]
