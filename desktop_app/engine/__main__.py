"""The service on this computer.

python -m desktop_app.engine --store DIR --port PORT --token-file FILE
"""

import argparse
import errno
import json
import os
import signal
import socket
import stat
import sys
from enum import IntEnum
from pathlib import Path

from desktop_app.engine.backends.thread_settings import environment
from desktop_app.engine.service_log import write_log
from desktop_app.engine.store.database import StoreError
from desktop_app.engine.store.durable import write_durably
from desktop_app.engine.store.file_lock import LockedError, file_lock
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.threads import usable_threads


class Exit(IntEnum):
    """Why the service did not start."""

    OCCUPIED = 3
    PORT_TAKEN = 4
    TOKEN_FILE = 5
    STORE = 6


class StartError(Exception):
    """The service cannot start; the text is meant for whoever started it."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: list[str] | None = None) -> int:
    """Run the service and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m desktop_app.engine", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="the folder of this service")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token-file", type=Path, required=True, help="readable by you alone")
    parser.add_argument("--idle-exit", type=float, help="end after so many unused seconds")
    parser.add_argument("--starter-model", type=Path, help="a GGUF file to offer first")
    return parser


def _run(options: argparse.Namespace) -> None:
    # What is made from here on belongs to its owner alone.
    os.umask(0o077)
    token = read_token(options.token_file)
    folders = Folders(options.store.absolute())
    try:
        folders.create()
    except OSError as error:
        message = f"The store cannot be used: {error.strerror}."
        raise StartError(Exit.STORE, message) from error
    try:
        with file_lock(folders.lock):
            _serve(options, folders, token)
    except LockedError as error:
        message = "Another service is already running on this store."
        raise StartError(Exit.OCCUPIED, message) from error
    except StoreError as error:
        raise StartError(Exit.STORE, f"The store cannot be used: {error}.") from error


def read_token(path: Path) -> str:
    """Return the token in a file that only its owner may read. Raises StartError."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise StartError(Exit.TOKEN_FILE, "The token file cannot be read.") from error
    if os.name == "posix" and mode & 0o077:
        raise StartError(Exit.TOKEN_FILE, "The token file can be read by others: chmod it to 600.")
    if not token:
        raise StartError(Exit.TOKEN_FILE, "The token file is empty.")
    return token


def listen(port: int) -> socket.socket:
    """Return a socket listening on loopback. Raises StartError."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            message = f"Port {port} is in use by another program."
        else:
            message = f"Port {port} cannot be used."
        raise StartError(Exit.PORT_TAKEN, message) from error
    return listening


def _serve(options: argparse.Namespace, folders: Folders, token: str) -> None:
    threads = usable_threads()
    os.environ.update(environment(threads))
    # Not before: NumPy reads the variables when it is imported.
    from desktop_app.engine.application import ServiceOptions  # noqa: PLC0415
    from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend  # noqa: PLC0415
    from desktop_app.engine.machine import Machine  # noqa: PLC0415
    from desktop_app.engine.serving import Serving  # noqa: PLC0415

    write_log(folders.log)
    listening = listen(options.port)
    port = listening.getsockname()[1]
    serving = Serving(
        ServiceOptions(
            folders=folders,
            machine=Machine(NumpyLlamaBackend(), threads),
            token=token,
            port=port,
            named_starter=options.starter_model,
        ),
        idle_exit=options.idle_exit,
        ready=lambda: _announce(folders, port),
    )
    # uvicorn handles these while it serves, and raises them again afterwards: to no effect.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: None)
    try:
        serving.run(listening)
    finally:
        folders.service.unlink(missing_ok=True)


def _announce(folders: Folders, port: int) -> None:
    """Say where the service is: to whoever started it, and to who looks for it later."""
    where = json.dumps({"base_url": f"http://127.0.0.1:{port}/v1", "pid": os.getpid()})
    write_durably(folders.service, where.encode())
    sys.stdout.write(where + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
