"""The real service as a child process, and what the tests ask of it."""

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from openai import DefaultHttpx2Client, OpenAI
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

MODEL = "smollm2-135m-instruct"
TOKEN = "a-token-of-the-tests-0123456789"
FINISHED = {"succeeded", "failed", "cancelled"}


def write_token(folder: Path) -> Path:
    """Write the token as the window does."""
    path = folder / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return path


def start_engine(
    store: Path, token_file: Path, *arguments: str, port: int = 0, **environment: str
) -> "subprocess.Popen[str]":
    """Start a service."""
    command = [sys.executable, "-m", "desktop_app.engine", "--store", str(store)]
    command += ["--port", str(port), "--token-file", str(token_file), *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def first_line(process: "subprocess.Popen[str]", seconds: float = 20) -> dict[str, Any]:
    """Return what the service says first."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        process.kill()
        raise AssertionError(f"the service did not start: {process.communicate()[1]}")
    answer: dict[str, Any] = json.loads(line)
    return answer


class Engine:
    """A running service and a client of it."""

    def __init__(self, store: Path, token_file: Path, starter: Path, *arguments: str) -> None:
        self.store = store
        self.may_be_dead = False
        self.process = start_engine(store, token_file, "--starter-model", str(starter), *arguments)
        said = first_line(self.process)
        self.base_url = str(said["base_url"])
        assert said["pid"] == self.process.pid
        self.client = new_client(self.base_url)

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Ask for something outside the protocol."""
        url = str(self.client.base_url.join(path))
        return self.client.get(url, cast_to=object)

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """Send something outside the protocol."""
        url = str(self.client.base_url.join(path))
        return self.client.post(url, cast_to=object, body=body)

    def stop(self) -> None:
        """End the service as a terminal would."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        self.release()

    def kill(self) -> None:
        """End the service as a power cut would."""
        self.may_be_dead = True
        self.process.kill()
        self.process.wait(10)
        self.release()

    def release(self) -> None:
        """Free what the dead service leaves here."""
        self.client.close()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def worker(self) -> psutil.Process | None:
        """Return the process that trains."""
        for child in psutil.Process(self.process.pid).children():
            # It may end while it is looked at.
            with suppress(psutil.Error):
                if "desktop_app.engine.worker" in child.cmdline():
                    return child
        return None

    def upload(self, lines: list[str], name: str = "examples.jsonl") -> str:
        """Upload a training file and return its id."""
        content = "".join(line + "\n" for line in lines).encode()
        return self.client.files.create(file=(name, content), purpose="fine-tune").id

    def job(self, lines: list[str], **options: Any) -> FineTuningJob:  # noqa: ANN401  # as the SDK
        """Upload examples and create a job."""
        return self.client.fine_tuning.jobs.create(
            model=MODEL, training_file=self.upload(lines), **options
        )

    def finished(self, job_id: str, seconds: float = 60) -> FineTuningJob:
        """Wait for the end of a job."""
        return self.when(job_id, FINISHED, seconds)

    def when(self, job_id: str, statuses: set[str], seconds: float = 60) -> FineTuningJob:
        """Wait until a job has one of these states."""
        deadline = time.monotonic() + seconds
        while (job := self.client.fine_tuning.jobs.retrieve(job_id)).status not in statuses:
            assert time.monotonic() < deadline, f"the job is still {job.status}"
            assert job.status not in FINISHED, f"{job.status}: {job.error}"
            time.sleep(0.05)
        return job

    def until_cleared(self, job_id: str, seconds: float = 20) -> Path:
        """Wait until a finished job has nothing but its adapters left; return its folder."""
        folder = self.store / "jobs" / job_id
        deadline = time.monotonic() + seconds
        while any(not path.name.startswith("adapter-") for path in folder.iterdir()):
            assert time.monotonic() < deadline, "the working files are still there"
            time.sleep(0.02)
        return folder

    def wait_for_step(self, job_id: str, step: int, seconds: float = 60) -> None:
        """Wait until a step was told of."""
        deadline = time.monotonic() + seconds
        while True:
            page = self.client.fine_tuning.jobs.list_events(job_id, limit=5).data
            steps = [e.data["step"] for e in page if isinstance(e.data, dict) and "step" in e.data]
            if steps and max(steps) >= step:
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def events(self, job_id: str) -> list[FineTuningJobEvent]:
        """Return all events, oldest first."""
        return list(self.client.fine_tuning.jobs.list_events(job_id, limit=100))[::-1]

    def losses(self, job_id: str) -> list[tuple[int, float]]:
        """Return every training loss told of, oldest first."""
        data = [event.data for event in self.events(job_id) if isinstance(event.data, dict)]
        return [(v["step"], v["train_loss"]) for v in data if "train_loss" in v]

    def adapter_digest(self, job_id: str) -> str:
        """Return the checksum of a job's last adapter."""
        folder = max((self.store / "jobs" / job_id).glob("adapter-*"))
        return hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()


def new_client(base_url: str, token: str = TOKEN) -> OpenAI:
    """Return a client that asks this computer only, and only once."""
    return OpenAI(
        base_url=base_url,
        api_key=token,
        max_retries=0,
        timeout=30,
        http_client=DefaultHttpx2Client(trust_env=False),
    )


@contextmanager
def running_engine(
    store: Path, token_file: Path, starter: Path, *arguments: str
) -> Iterator[Engine]:
    """Run a service; one that has died by itself is told of, with its last words."""
    engine = Engine(store, token_file, starter, *arguments)
    try:
        yield engine
    finally:
        if engine.process.poll() is None:
            engine.stop()
        elif not engine.may_be_dead:
            words = engine.process.communicate()[1] + (store / "engine.log").read_text()[-2000:]
            raise AssertionError(f"the service ended with {engine.process.returncode}: {words}")
        else:
            engine.release()


def example_lines(n: int, *, weight: int | None = None) -> list[str]:
    """Return sound examples, each a little different."""
    lines = []
    for number in range(n):
        reply: dict[str, object] = {"role": "assistant", "content": f"the answer is {number}"}
        if weight is not None:
            reply["weight"] = weight
        messages = [{"role": "user", "content": f"what is {number} and {number + 1}"}, reply]
        lines.append(json.dumps({"messages": messages}))
    return lines
