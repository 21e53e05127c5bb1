"""Two processes train one job, started by Accelerate and by Ray: the whole service, end to end."""

import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from desktop_app.engine.backends.torch_models.facts import Facts, handing_on
from desktop_app.engine.jobs_runner import job_folder
from tests.engine.service.engine_child import FINISHED, example_lines
from tests.engine.service.launched_job import kill, wait_until
from tests.engine.service.ray_cluster import ray_cluster, ray_workers
from tests.engine.service.serve_child import Served, served

MODEL = "smollm2-135m-instruct"
ON_CPU = ("--backend", "torch", "--device", "cpu")
EXAMPLES, EPOCHS = 12, 40
TOLERANCE = 1e-4
"""Sums of the same numbers in another order."""

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module", autouse=True)
def float32() -> Iterator[None]:
    """Have float32 taken, in which sums are exact enough."""
    facts = Facts(kind="cpu", device="this computer's processor")
    with pytest.MonkeyPatch.context() as patch:
        for name, text in handing_on(facts).items():
            patch.setenv(name, text)
        yield


@pytest.fixture(scope="module", params=["accelerate", "ray"])
def launched(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_model: Path,
    float32: None,
) -> Iterator[Served]:
    """A service that lets two processes train."""
    launcher = str(request.param)
    pytest.importorskip(launcher)
    store = tmp_path_factory.mktemp("serve") / "store"
    two = (*ON_CPU, "--launcher", launcher, "--processes", "2", "--starter-model", tiny_model)
    if launcher == "accelerate":
        with served(store, *two) as service:
            yield service
    else:
        with ray_cluster() as address, served(store, *two, "--ray-address", address) as service:
            yield service


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, float32: None
) -> Mapping[int, tuple[float, ...]]:
    """What one process measures."""
    store = tmp_path_factory.mktemp("serve") / "store"
    with served(store, *ON_CPU, "--starter-model", tiny_model) as service:
        job = begin(service)
        assert until(service, job, FINISHED)["status"] == "succeeded"
        return losses(service, job)


def begin(service: Served, **options: object) -> str:
    """Create a job and return its id."""
    files = []
    for lines in (example_lines(EXAMPLES), example_lines(3)):
        content = "\n".join(lines).encode()
        _, file = service.ask(
            "POST", "/v1/files", files={"file": ("e.jsonl", content)}, data={"purpose": "fine-tune"}
        )
        files.append(file["id"])
    order = {
        "model": MODEL,
        "training_file": files[0],
        "validation_file": files[1],
        "seed": 7,
        "hyperparameters": {"n_epochs": EPOCHS, "batch_size": 4},
        **options,
    }
    status, job = service.ask("POST", "/v1/fine_tuning/jobs", json=order)
    assert status == 200, job
    return str(job["id"])


def until(service: Served, job: str, statuses: set[str], seconds: float = 200) -> Any:  # noqa: ANN401  # JSON
    """Wait until a job has one of these states."""
    deadline = time.monotonic() + seconds
    with service.client() as client:
        while (body := client.get(f"/v1/fine_tuning/jobs/{job}").json())["status"] not in statuses:
            assert body["status"] not in FINISHED, (body["error"], words(service))
            assert time.monotonic() < deadline, (body["status"], words(service))
            time.sleep(0.05)
    return body


def words(service: Served) -> str:
    """Return what a test that fails should know."""
    found = [path.read_text()[-3000:] for path in service.store.glob("jobs/*/worker.stderr")]
    return "\n".join([*found, (service.store / "engine.log").read_text()[-2000:]])


def events(service: Served, job: str) -> list[Any]:
    """Return all events of a job, the oldest first."""
    path = f"/v1/fine_tuning/jobs/{job}/events"
    found: list[Any] = []
    with service.client() as client:
        more = True
        while more:
            after = {"after": found[-1]["id"]} if found else {}
            page = client.get(path, params={"limit": 100, **after}).json()
            found += page["data"]
            more = page["has_more"]
    return found[::-1]


def losses(service: Served, job: str) -> dict[int, tuple[float, ...]]:
    """Return what was measured at each step."""
    names = ("train_loss", "full_valid_loss")
    measured = [event["data"] for event in events(service, job) if event["type"] == "metrics"]
    return {int(m["step"]): tuple(m[n] for n in names if n in m) for m in measured}


def assert_equal(found: Mapping[int, tuple[float, ...]], expected: Mapping[int, Any]) -> None:
    assert found.keys() == expected.keys()
    assert any(len(values) == 2 for values in expected.values())
    for step, values in expected.items():
        assert found[step] == pytest.approx(values, abs=TOLERANCE), step


def has_come_to(service: Served, job: str, step: int) -> Callable[[], bool]:
    """Return whether a job has done a step, as something to wait for."""
    return lambda: max(losses(service, job), default=0) >= step


def training(service: Served) -> list[psutil.Process]:
    """Return the processes that train, on whichever of the two ways."""
    children = psutil.Process(service.process.pid).children(recursive=True)
    ranks = [p for p in children if "RANK" in environment(p) and "rank_worker" in str(p.cmdline())]
    return ranks or ray_workers()


def environment(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def test_a_job_that_is_killed_and_paused_gives_what_one_process_gives(
    launched: Served, expected: Mapping[int, tuple[float, ...]]
) -> None:
    job = begin(launched)
    wait_until(has_come_to(launched, job, 3), 120)
    started = training(launched)
    assert len(started) == 2
    kill(started[1])
    psutil.wait_procs(started, timeout=60)
    assert not any(process.is_running() for process in started), "the other one lives on"
    wait_until(lambda: any("Training goes on" in e["message"] for e in events(launched, job)), 60)
    again = max(losses(launched, job))
    wait_until(has_come_to(launched, job, again + 2), 120)
    began_at = time.monotonic()
    assert launched.ask("POST", f"/v1/fine_tuning/jobs/{job}/pause")[0] == 200
    until(launched, job, {"paused"})
    assert time.monotonic() - began_at < 20
    assert launched.ask("POST", f"/v1/fine_tuning/jobs/{job}/resume")[0] == 200
    assert until(launched, job, FINISHED)["status"] == "succeeded"
    assert_equal(losses(launched, job), expected)
    done = launched.ask("GET", f"/v1/fine_tuning/jobs/{job}")[1]
    status, reply = launched.ask(
        "POST",
        "/v1/chat/completions",
        json={
            "model": done["fine_tuned_model"],
            "messages": [{"role": "user", "content": "what is 1 and 2"}],
            "max_tokens": 3,
        },
    )
    assert status == 200, reply


def test_a_job_that_is_cancelled_leaves_nobody(launched: Served) -> None:
    job = begin(launched)
    wait_until(has_come_to(launched, job, 2), 120)
    started = training(launched)
    assert launched.ask("POST", f"/v1/fine_tuning/jobs/{job}/cancel")[0] == 200
    assert until(launched, job, {"cancelled"})
    psutil.wait_procs(started, timeout=30)
    assert not any(process.is_running() for process in started)
    wait_until(lambda: job_folder.is_cleared(launched.store / "jobs" / job), 30)
