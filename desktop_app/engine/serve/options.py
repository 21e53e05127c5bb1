"""The command line of `exemplar-engine`."""

import argparse
import re
from pathlib import Path

from desktop_app.engine.jobs_runner.launching import Launcher
from desktop_app.engine.serve.names import Address
from desktop_app.engine.serve.places import NAME, default_store

DEFAULT_LISTEN = "127.0.0.1:8443"
ANY_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]+\]?")
LOOPBACK_PROXY = "127.0.0.1,::1"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    whole = argparse.ArgumentParser(
        prog=NAME, description="A fine-tuning service for other computers."
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the service")
    _add_places(serve)
    _add_network(serve)
    _add_computing(serve)
    _add_launcher(serve)
    token = commands.add_parser("token", help="print the token that clients need")
    _add_places(token)
    token.add_argument(
        "--renew", action="store_true", help="make a new one; it counts from the next start"
    )
    check = commands.add_parser("check", help="say what the service would run on")
    _add_places(check)
    _add_computing(check)
    check.add_argument(
        "--running", action="store_true", help="ask the service that runs on this store instead"
    )
    return whole


def fault_in(options: argparse.Namespace) -> str | None:
    """Say what in the options of `serve` does not go together."""
    if (options.tls_key is not None) and options.tls_cert is None:
        return "--tls-key needs --tls-cert"
    if options.self_signed and options.tls_cert is not None:
        return "--self-signed and --tls-cert exclude each other"
    if options.behind_proxy is not None and not options.name:
        return "--behind-proxy needs --name: the host name by which clients call the proxy"
    encrypted = options.self_signed or options.tls_cert is not None
    if not options.listen.is_loopback and not encrypted and options.behind_proxy is None:
        return (
            f"without TLS the service does not listen on {options.listen.host}: the token and all"
            " data would be readable on the network. Add --self-signed, or --tls-cert and"
            " --tls-key, or --behind-proxy if a proxy in front of it does the encryption"
        )
    return _fault_in_launcher(options)


def _fault_in_launcher(options: argparse.Namespace) -> str | None:
    launcher = options.launcher
    if launcher is Launcher.PLAIN and options.processes != 1:
        return "--processes needs --launcher accelerate or --launcher ray"
    if launcher is not Launcher.PLAIN and options.backend == "numpy":
        return f"--launcher {launcher} needs the back end torch: numpy trains in one process"
    if options.accelerate_config is not None and launcher is not Launcher.ACCELERATE:
        return "--accelerate-config needs --launcher accelerate"
    if options.ray_address is not None and launcher is not Launcher.RAY:
        return "--ray-address needs --launcher ray"
    return None


def _add_places(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--store",
        type=Path,
        default=default_store(),
        metavar="DIR",
        help="the folder of this service (%(default)s)",
    )
    to.add_argument(
        "--token-file", type=Path, metavar="FILE", help="readable by you alone (DIR/token)"
    )


def _add_network(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--listen",
        type=_address,
        default=Address.parse(DEFAULT_LISTEN),
        metavar="HOST:PORT",
        help=f"0.0.0.0:PORT or [::]:PORT for all addresses ({DEFAULT_LISTEN})",
    )
    to.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    to.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, PEM")
    to.add_argument(
        "--self-signed", action="store_true", help="make a certificate and keep it in the store"
    )
    to.add_argument(
        "--name",
        type=_name,
        action="append",
        default=[],
        metavar="HOST",
        help="a host name or address by which clients call the service; may be given again",
    )
    to.add_argument(
        "--behind-proxy",
        nargs="?",
        const=LOOPBACK_PROXY,
        metavar="ADDRESSES",
        help="a proxy does the encryption; its addresses or networks, with commas"
        f" ({LOOPBACK_PROXY})",
    )
    to.add_argument("--allow-shutdown", action="store_true", help="clients may end the service")


def _add_computing(to: argparse.ArgumentParser) -> None:
    to.add_argument("--backend", choices=("auto", "numpy", "torch"), default="auto")
    to.add_argument(
        "--answering",
        choices=("auto", "default", "llama.cpp"),
        default="auto",
        help="what answers; auto: llama.cpp where it is installed and says the same in less time",
    )
    to.add_argument("--device", help="for torch: cpu, cuda, cuda:1, mps; else it chooses itself")
    to.add_argument(
        "--threads", type=_positive, help="of the processor (all physical cores but one)"
    )
    to.add_argument("--starter-model", type=Path, metavar="FILE", help="a GGUF file to offer first")


def _add_launcher(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--launcher",
        type=Launcher,
        choices=list(Launcher),
        default=Launcher.PLAIN,
        help="what starts the processes that train",
    )
    to.add_argument(
        "--processes", type=_positive, default=1, metavar="N", help="so many, one a GPU"
    )
    to.add_argument(
        "--accelerate-config", type=Path, metavar="FILE", help="as `accelerate config` writes it"
    )
    to.add_argument(
        "--ray-address",
        metavar="HOST:PORT",
        help="the cluster's head (the cluster that this computer is in); all its computers must"
        " see the store at the same place",
    )


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        message = f"{text!r}: expected HOST:PORT, HOST an address of this computer"
        raise argparse.ArgumentTypeError(message) from error


def _name(text: str) -> str:
    if not ANY_NAME.fullmatch(text):
        message = f"{text!r}: expected a host name (in its ASCII form) or an address, without port"
        raise argparse.ArgumentTypeError(message)
    return text


def _positive(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1")
    return int(text)
