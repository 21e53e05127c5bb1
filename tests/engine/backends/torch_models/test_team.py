"""Two processes train what one does: the launchers' own processes, on this processor."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.engine.tiny_model import write_tiny_model

ROOT = Path(__file__).parents[4]
CHILD = "tests.engine.backends.torch_models.team_child"
LAUNCHERS = {
    "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"],
    "accelerate": [
        # --multi_gpu stands for several processes, without GPUs as well.
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1", "--machine_rank", "0", "--main_process_port", "0"),
        *("--mixed_precision", "no", "--dynamo_backend", "no", "--module"),
    ],
}
SECONDS = 200


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


def run(launcher: list[str], model: Path, out: Path, **variables: str) -> list[dict[str, Any]]:
    """Return what each process measured."""
    out.mkdir()
    process = subprocess.Popen(
        [sys.executable, *(launcher or ["-m"]), CHILD, str(model), str(out)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
    assert process.returncode == 0, said[-3000:]
    return [json.loads(path.read_text()) for path in sorted(out.glob("rank-*.json"))]


@pytest.fixture(scope="module")
def alone(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("alone") / "out"
    return run([], model, out)[0], out


@pytest.mark.parametrize(
    ("launcher", "sharded"), [("torchrun", False), ("accelerate", False), ("torchrun", True)]
)
def test_two_processes_measure_and_learn_what_one_does(
    model: Path,
    alone: tuple[dict[str, Any], Path],
    tmp_path: Path,
    launcher: str,
    *,
    sharded: bool,
) -> None:
    if importlib.util.find_spec(launcher) is None and launcher != "torchrun":
        pytest.skip("accelerate is not installed")
    variables = {"ACCELERATE_USE_FSDP": "true"} if sharded else {}
    both = run(LAUNCHERS[launcher], model, tmp_path / "out", **variables)
    expected, one = alone
    assert len(both) == 2
    assert both[0] == both[1]
    assert both[0]["sharded"] is sharded
    # What the one with the least memory can do.
    assert both[0]["plan"] == [1024, True]
    assert expected["plan"] == [1024, False]
    assert both[0]["broken_off"]
    assert both[0]["again"] == both[0]["last"]
    for name in ("losses", "compared"):
        assert both[0][name] == pytest.approx(expected[name], rel=1e-4)
    for name in ("alone", "validated"):
        assert both[0][name] == pytest.approx(expected[name], rel=1e-4)
    written = load_file(tmp_path / "out/adapter/adapter_model.safetensors")
    for name, values in load_file(one / "adapter/adapter_model.safetensors").items():
        np.testing.assert_allclose(written[name], values, atol=1e-3)
