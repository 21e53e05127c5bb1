"""Starts the service and asks it: how long until it answers, and until a model does."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.engine.answer import serve

TOKEN = "a-token-of-the-benchmark-0123456789"


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Return seconds since the start of the process, and its memory at each of them."""
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder) / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        store, model = str(Path(folder) / "store"), request["model"]
        command = [sys.executable, "-m", "desktop_app.engine", "--store", store]
        command += ["--token-file", str(token), "--starter-model", model]
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as process:
            try:
                return _asked(process, begun)
            finally:
                process.send_signal(signal.SIGTERM)


def _asked(process: "subprocess.Popen[bytes]", begun: float) -> dict[str, Any]:
    assert process.stdout is not None
    base = json.loads(process.stdout.readline())["base_url"]
    models = _get(f"{base}/models")["data"]
    listed, small = time.perf_counter() - begun, _megabytes(process.pid)
    message = {"role": "user", "content": "Say hello."}
    question = {"model": models[0]["id"], "messages": [message], "max_tokens": 1}
    _get(f"{base}/chat/completions", question)
    return {
        "listed": listed,
        "chatted": time.perf_counter() - begun,
        "idle_mb": small,
        "loaded_mb": _megabytes(process.pid),
    }


def _get(url: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data, headers), timeout=120) as answer:
        return json.load(answer)


def _megabytes(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / (1 << 20)


if __name__ == "__main__":
    serve(measure)
