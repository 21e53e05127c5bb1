"""`exemplar check`, `convert` and `estimate`: what is asked for, and how it ends."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from desktop_app import __version__
from desktop_app.cli.check import check
from desktop_app.cli.convert import convert
from desktop_app.cli.estimate import estimate
from desktop_app.cli.input_file import InputError
from desktop_app.cli.output import system_words, tell
from desktop_app.core.examples.rules import METHODS, SERVICES
from desktop_app.core.examples.tables.table import TableError

UNREADABLE = 2

_ABOUT = """Teach a chat model by example.

exemplar [FILE] opens the window, with a project or a file to import. The words below work in the
terminal alone."""
_END = "exemplar WORD --help says more about each. FILE may be - for standard input."


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for and return the exit status; argparse itself exits with 2."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character shows its number.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # real streams can
    parsed = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        status = run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would try again at its end, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed("Nobody reads the output any more.")
    except KeyboardInterrupt:
        return _failed("Stopped.")
    except InputError as error:
        return _failed(f"{error.name or parsed.file}: {error}")
    except TableError as error:
        return _failed(f"{parsed.file}: {error.detail}")
    except OSError as error:
        return _failed(f"{error.filename or parsed.file}: {system_words(error)}")
    return status


def _failed(text: str) -> int:
    tell(text)
    return UNREADABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exemplar",
        description=_ABOUT,
        epilog=_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Exemplar {__version__}")
    words = parser.add_subparsers(metavar="WORD", required=True)
    _add_check(words.add_parser("check", help="say what a service would refuse, and give advice"))
    _add_convert(words.add_parser("convert", help="write any format that is read as chat JSONL"))
    _add_estimate(words.add_parser("estimate", help="count the tokens and say what training costs"))
    return parser


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what a service would refuse in a training file, and what makes it teach badly. "
        "Exit status: 0 if nothing blocks, 1 if something does, 2 if the file cannot be read."
    )
    _add_file(parser)
    parser.add_argument(
        "--service",
        choices=[name for name in SERVICES if name != "other"],
        default="openai",
        help="whose rules count (default: openai)",
    )
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="supervised",
        help="how it is trained: on single replies, or by preference (default: supervised)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array for programs")
    parser.set_defaults(run=check)


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the examples of IN as chat JSONL, or preference JSONL where they have two replies "
        "to compare. What cannot be read is told on standard error. Exit status: 0 if all was "
        "read, 1 if some was not, 2 if nothing was written."
    )
    _add_file(parser, "IN")
    parser.add_argument("out", metavar="OUT", help="the file to write, - for standard output")
    parser.add_argument(
        "--mend", action="store_true", help="take evident mends (a trailing comma, single quotes)"
    )
    parser.set_defaults(run=convert)


def _add_estimate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Count the tokens of the training examples and say what training on them costs, by prices "
        "that were seen on a date. Exit status: 0, or 1 if some examples could not be read, 2 if "
        "none could."
    )
    _add_file(parser)
    parser.add_argument("--model", help="a base model, or local (default: all that are offered)")
    parser.add_argument(
        "--epochs", type=_passes, help="passes over the examples (default: as a service chooses)"
    )
    parser.set_defaults(run=estimate)


def _add_file(parser: argparse.ArgumentParser, name: str = "FILE") -> None:
    parser.add_argument("file", metavar=name, help="the file to read, - for standard input")
    parser.add_argument("--sheet", help="which sheet of a workbook (default: the first)")


def _passes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError("takes 1 to 50 passes")
    return int(text)
