"""The command `exemplar` and `python -m desktop_app`."""

import faulthandler
import os
import sys
from pathlib import Path

NO_DISPLAY = 2

IN_A_TERMINAL = frozenset(("check", "convert", "estimate", "--help", "-h", "--version"))
"""First words that need no window; a file of such a name is ./check."""


def main() -> int:
    """Start the program; return its exit status, 2 where there is no screen to show it on."""
    # Without a console, as when started by its icon on Windows, there is nowhere to write to.
    if sys.stderr is not None:
        faulthandler.enable()
    if IN_A_TERMINAL.intersection(sys.argv[1:2]):
        from desktop_app.cli.command import main as in_a_terminal  # noqa: PLC0415  # not for a window

        return in_a_terminal(sys.argv[1:])
    if lacks_display():
        sys.stderr.write(
            "There is no display to show the window on (DISPLAY and WAYLAND_DISPLAY are not set).\n"
            "To see the program without one, run: make demo\n"
        )
        return NO_DISPLAY
    from desktop_app.app import run  # noqa: PLC0415  # Qt is not touched where it cannot show

    return run([Path(argument) for argument in sys.argv[1:]])


def lacks_display() -> bool:
    """Whether this is a Unix without a screen, and no other platform was asked for."""
    if sys.platform in ("darwin", "win32") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    raise SystemExit(main())
