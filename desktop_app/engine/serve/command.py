"""`exemplar-engine`: the service for other computers, its token, and what it would run on."""

import argparse
import os
import socket
import ssl
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from desktop_app.engine.serve import options as command_line
from desktop_app.engine.serve.announcing import Announcement
from desktop_app.engine.serve.certificate import (
    fingerprint,
    keep_certificate,
    read_again_at_hangup,
    server_context,
)
from desktop_app.engine.serve.checking import check
from desktop_app.engine.serve.computing import computing, launch
from desktop_app.engine.serve.names import Address, given_names, names_of
from desktop_app.engine.serve.places import NAME
from desktop_app.engine.serve.starting import (
    Exit,
    StartError,
    end_quietly,
    listen,
    own_store,
    read_token,
)
from desktop_app.engine.serve.token_file import ensure_token, renew_token
from desktop_app.engine.service_log import write_log
from desktop_app.engine.store.folders import Folders


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    options = command_line.parser().parse_args(arguments)
    options.token_file = options.token_file or options.store / "token"
    try:
        match options.command:
            case "serve":
                _serve(options)
            case "token":
                _token(options.token_file, renew=options.renew)
            case "check":
                check(options)
    except StartError as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        return error.code
    return 0


def _token(path: Path, *, renew: bool) -> None:
    token = renew_token(path) if renew else read_token(path)
    sys.stdout.write(f"{token}\n")


def _serve(options: argparse.Namespace) -> None:
    fault = command_line.fault_in(options)
    if fault is not None:
        raise StartError(Exit.OPTIONS, fault)
    os.environ.update(launch(options).told())
    with own_store(options.store) as folders:
        _run(options, folders, _front(options, folders))


@dataclass(frozen=True)
class _Front:
    """What clients meet."""

    token: str
    listening: socket.socket
    tls: ssl.SSLContext | None
    said: Announcement


def _front(options: argparse.Namespace, folders: Folders) -> _Front:
    token, is_new = ensure_token(options.token_file)
    names = names_of(options.listen, options.name)
    certificate, key = options.tls_cert, options.tls_key
    if options.self_signed:
        tls_folder, given = folders.root / "tls", given_names(options.name)
        certificate, key = keep_certificate(tls_folder, names, given)
    tls = None if certificate is None else server_context(certificate, key)
    listening = listen(options.listen.port, options.listen.host)
    said = Announcement(
        address=Address(options.listen.host, listening.getsockname()[1]),
        names=names,
        token_file=options.token_file,
        token_is_new=is_new,
        fingerprint=None if certificate is None else fingerprint(certificate),
        behind_proxy=options.behind_proxy is not None,
    )
    read_again_at_hangup(
        tls, certificate, key, lambda new: replace(said, fingerprint=new).keep(folders)
    )
    return _Front(token, listening, tls, said)


def _run(options: argparse.Namespace, folders: Folders, front: _Front) -> None:
    machine = computing(options)
    # Not before: NumPy reads variables that are set by now when it is imported.
    from desktop_app.engine.application import ServiceOptions  # noqa: PLC0415
    from desktop_app.engine.serve.gate import Gate, GateOptions  # noqa: PLC0415
    from desktop_app.engine.serve.guesses import Guesses  # noqa: PLC0415
    from desktop_app.engine.serving import Network, Serving  # noqa: PLC0415

    write_log(folders.log)
    port, names = front.said.address.port, front.said.names
    gate = GateOptions(names, f"127.0.0.1:{port}", options.allow_shutdown)
    proxies = (options.behind_proxy or "").split(",") if options.behind_proxy else ()
    serving = Serving(
        ServiceOptions(
            folders=folders,
            machine=machine,
            token=front.token,
            port=port,
            named_starter=options.starter_model,
            answering=options.answering,
        ),
        ready=lambda: front.said.announce(folders),
        network=Network(lambda app: Gate(app, gate, Guesses()), front.tls, proxies),
    )
    end_quietly()
    try:
        serving.run(front.listening)
    finally:
        folders.service.unlink(missing_ok=True)
