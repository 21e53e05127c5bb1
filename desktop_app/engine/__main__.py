"""The service on this computer.

python -m desktop_app.engine --store DIR --port PORT --token-file FILE

With `serve`, `token` or `check` in front it is `exemplar-engine`, the service for other computers.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from desktop_app.engine.backends.thread_settings import environment
from desktop_app.engine.serve.starting import (
    StartError,
    end_quietly,
    listen,
    own_store,
    read_token,
)
from desktop_app.engine.service_log import write_log
from desktop_app.engine.store.durable import write_durably
from desktop_app.engine.store.folders import Folders
from desktop_app.engine.threads import usable_threads

COMMANDS = frozenset({"serve", "token", "check"})


def main(arguments: list[str] | None = None) -> int:
    """Run the service and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        from desktop_app.engine.serve import command  # noqa: PLC0415  # the window does without

        return command.main(arguments)
    options = _parser().parse_args(arguments)
    try:
        token = read_token(options.token_file)
        with own_store(options.store) as folders:
            _serve(options, folders, token)
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
    parser.add_argument("--backend", choices=("auto", "numpy", "torch"), default="auto")
    parser.add_argument(
        "--answering",
        choices=("auto", "default", "llama.cpp"),
        default="auto",
        help="what answers: llama.cpp where it is installed and says the same in less time",
    )
    parser.add_argument("--device", help="of PyTorch's, for example cuda:1 or cpu")
    return parser


def _serve(options: argparse.Namespace, folders: Folders, token: str) -> None:
    threads = usable_threads()
    os.environ.update(environment(threads))
    # Not before: NumPy reads the variables when it is imported.
    from desktop_app.engine.application import ServiceOptions  # noqa: PLC0415
    from desktop_app.engine.backends.choose import backends  # noqa: PLC0415
    from desktop_app.engine.machine import Machine  # noqa: PLC0415
    from desktop_app.engine.serving import Serving  # noqa: PLC0415

    write_log(folders.log)
    listening = listen(options.port)
    port = listening.getsockname()[1]
    serving = Serving(
        ServiceOptions(
            folders=folders,
            machine=Machine(backends(options.backend, options.device, threads), threads),
            token=token,
            port=port,
            named_starter=options.starter_model,
            answering=options.answering,
        ),
        idle_exit=options.idle_exit,
        ready=lambda: _announce(folders, port),
    )
    end_quietly()
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
