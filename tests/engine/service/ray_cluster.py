"""A Ray cluster of two computers that are one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

START_SECONDS = 60


@contextmanager
def ray_cluster() -> Iterator[str]:
    """Run a head and another node with one processor each; yield the head's address."""
    # Ray's sockets lie in it, and their paths must be short.
    place = Path(tempfile.mkdtemp(prefix="ray"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={place}"]
    nodes = []
    try:
        nodes.append(_node("--node-ip-address=127.0.0.1", *head))
        _wait_for_port(int(port), nodes[0])
        nodes.append(_node(f"--address={address}"))
        yield address
    finally:
        for node in reversed(nodes):
            _end(node)
        shutil.rmtree(place, ignore_errors=True)


def ray_workers() -> list[psutil.Process]:
    """Return the processes that train."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any("TrainWorker" in word for word in process.cmdline()[:1]):
                found.append(process)
    return found


def _node(*arguments: str) -> "subprocess.Popen[bytes]":
    ray = Path(sys.executable).parent / "ray"
    return subprocess.Popen(
        [str(ray), "start", *arguments, "--num-cpus=1", "--block", "--disable-usage-stats"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"},
        start_new_session=True,
    )


def _wait_for_port(port: int, node: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert node.poll() is None, "the head of the cluster did not start"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("the head of the cluster did not start")


def _end(node: "subprocess.Popen[bytes]") -> None:
    started = psutil.Process(node.pid).children(recursive=True) if node.poll() is None else []
    node.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        node.wait(10)
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    node.kill()
    node.wait()
