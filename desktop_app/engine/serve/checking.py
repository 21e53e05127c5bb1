"""What a service would run on, said without starting one; or what one that runs says of itself."""

import argparse
import http.client
import importlib.metadata
import json
import platform
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from desktop_app import __version__
from desktop_app.engine.backends.backend import PROCESSOR
from desktop_app.engine.backends.thread_settings import environment
from desktop_app.engine.backends.torch_models.facts import ask_child, lacking
from desktop_app.engine.jobs_runner.launching import Launcher
from desktop_app.engine.machine import gigabytes
from desktop_app.engine.serve.announcing import FINGERPRINT
from desktop_app.engine.serve.certificate import fingerprint_of
from desktop_app.engine.serve.starting import Exit, StartError, read_token
from desktop_app.engine.store.file_lock import LockedError, file_lock
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.threads import usable_threads

SECONDS = 10.0
NOBODY = "No service answers on this store."
ANOTHER = "What listens there has another certificate than this store's service. Nothing was sent."
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError)
"""What a damaged service.json raises."""


def check(options: argparse.Namespace) -> None:
    """Print it. Raises StartError if a service that should run does not answer."""
    folders = Folders(options.store.absolute())
    if options.running:
        told = _ask(folders, read_token(options.token_file))
        lines = [f"{name}: {json.dumps(value)}" for name, value in told.items()]
    else:
        threads = options.threads or usable_threads()
        lines = [*_machine(threads), *_backends(threads), *_launchers(), *_store(folders)]
    sys.stdout.write("\n".join(lines) + "\n")


def _machine(threads: int) -> Iterator[str]:
    memory = psutil.virtual_memory()
    yield f"Exemplar {__version__}, Python {platform.python_version()} on {platform.platform()}"
    yield f"Threads: {threads}"
    yield f"Memory: {gigabytes(memory.total)}, {gigabytes(memory.available)} of it free"


def _backends(threads: int) -> Iterator[str]:
    yield f"Back end numpy: {PROCESSOR} (numpy {_version('numpy')})"
    missing = lacking()
    if missing is not None:
        yield f"Back end torch: the package {missing} is not installed"
        return
    facts = ask_child(environment(threads))
    if facts is None:
        yield "Back end torch: PyTorch does not start"
        return
    memory = f" with {gigabytes(facts.memory)}" if facts.memory else ""
    yield f"Back end torch: {facts.device}{memory} (torch {_version('torch')})"


def _launchers() -> Iterator[str]:
    for launcher in (Launcher.ACCELERATE, Launcher.RAY):
        yield f"Launcher {launcher}: {_version(launcher)}"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _store(folders: Folders) -> Iterator[str]:
    yield f"Store: {folders.root}"
    if not folders.root.is_dir():
        yield "It is not there yet; `exemplar-engine serve` makes it."
        return
    yield f"Free on its disk: {gigabytes(shutil.disk_usage(folders.root).free)}"
    names = sorted(path.name for path in _models(folders.models))
    yield f"Models in it: {', '.join(names) or 'none'}"


def _models(folder: Path) -> list[Path]:
    return [*folder.glob("*.gguf"), *(path.parent for path in folder.glob("*/config.json"))]


def _ask(folders: Folders, token: str) -> dict[str, Any]:
    try:
        if not _is_served(folders):
            raise StartError(Exit.STORE, NOBODY)
        connection = _connection(json.loads(folders.service.read_bytes()))
        connection.request("GET", "/engine", headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
    except (*_DAMAGE, OSError, http.client.HTTPException) as error:
        raise StartError(Exit.STORE, NOBODY) from error
    if answer.status != http.client.OK:
        raise StartError(Exit.TOKEN_FILE, f"The service answered with {answer.status}.")
    told: dict[str, Any] = json.loads(body)
    return told


def _is_served(folders: Folders) -> bool:
    """Whether a service holds the store: another program may listen where a killed one did."""
    if not folders.service.exists():
        return False
    try:
        with file_lock(folders.lock):
            return False
    except LockedError:
        return True


def _connection(said: dict[str, Any]) -> http.client.HTTPConnection:
    """Connect to the service that said where it is, and to no other one."""
    base_url = urlsplit(said["base_url"])
    host, port = base_url.hostname or "", base_url.port or 0
    if base_url.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    # The certificate is for names that others use; it is known by its fingerprint.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
    connection.connect()
    presented = connection.sock.getpeercert(binary_form=True) or b""
    if fingerprint_of(presented) != said[FINGERPRINT]:
        connection.close()
        raise StartError(Exit.CERTIFICATE, ANOTHER)
    return connection
