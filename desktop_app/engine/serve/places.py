"""Where the service keeps its store if nobody says so."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "exemplar-engine"


def default_store(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> Path:
    """Return the folder for this system.

    STATE_DIRECTORY is what systemd sets for a unit that has one (systemd.exec).
    """
    if state := environment.get("STATE_DIRECTORY"):
        return Path(state.split(":")[0])
    home = home or Path.home()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / NAME
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / NAME
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / NAME
