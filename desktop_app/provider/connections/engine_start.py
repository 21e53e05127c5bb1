"""Starting the service on this computer as a process that outlives the window."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from desktop_app.provider.connections.engine_address import (
    EngineAddress,
    announced,
    ensure_token,
    parse_announcement,
)
from desktop_app.provider.provider import ErrorKind, ProviderError

LOG_FILE = "engine-start.log"
ANOTHER_RUNS = 3
"""The exit code of a service that finds another one on its store."""

START_SECONDS = 30.0
"""How long a service may take until it says where it is, whoever has started it."""


async def start_engine(store: Path, command: Sequence[str]) -> EngineAddress:
    """Start the service and wait until it says where it is.

    `command` lacks the store, port and token file only. If another window has just started one on
    the same store, that one is returned. Raises ProviderError (ENGINE_FAILED, its last words).
    """
    try:
        token_file, token = ensure_token(store)
        process = _spawn(
            [*command, "--store", str(store), "--port", "0", "--token-file", str(token_file)], store
        )
    except OSError as error:
        raise ProviderError(ErrorKind.ENGINE_FAILED, error.strerror or "") from error
    line = await _first_line(process)
    if address := parse_announcement(line, token):
        return address
    process.kill()
    code = await asyncio.to_thread(process.wait)
    if code == ANOTHER_RUNS and (other := await _another(store)) is not None:
        return other
    raise ProviderError(ErrorKind.ENGINE_FAILED, last_words(store))


def last_words(store: Path) -> str:
    """Return the last line that the service wrote to standard error, '' if none."""
    try:
        text = (store / LOG_FILE).read_text("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""


def _spawn(command: Sequence[str], store: Path) -> subprocess.Popen[bytes]:
    with (store / LOG_FILE).open("ab") as log:
        log.truncate(0)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # Its own session (on Windows: group and no console), or it would die with the window.
            start_new_session=True,
            creationflags=_windows_flags() if os.name == "nt" else 0,
        )
    # Fetches the exit status whenever it comes, so that no zombie looks like a living service.
    threading.Thread(target=process.wait, name="engine", daemon=True).start()
    return process


def _windows_flags() -> int:
    names = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
    return sum(int(getattr(subprocess, name, 0)) for name in names)


async def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with process.stdout as output:
        reading = asyncio.create_task(asyncio.to_thread(output.readline))
        try:
            done, _ = await asyncio.wait({reading}, timeout=START_SECONDS)
        except asyncio.CancelledError:
            process.kill()  # Ends the reading, too.
            raise
        if not done:
            process.kill()
        return await reading


async def _another(store: Path) -> EngineAddress | None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if (address := announced(store)) is not None:
            return address
        await asyncio.sleep(0.05)
    return None
