"""The user's preferences, as one typed object in one JSON file. No secret is ever among them."""

import logging
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

VERSION = 1
RECENT_LIMIT = 10

THIS_COMPUTER = "this-computer"
"""The id of the connection to this computer, which is always there."""

_log = logging.getLogger(__name__)


class ConnectionSettings(Struct, frozen=True, omit_defaults=True):
    """A service that the user has set up. `base_url` is empty where the kind knows its own.

    `certificate` (PEM) is the only one trusted of an engine; "" leaves trust to the system.
    """

    id: str
    kind: Literal["this_computer", "openai", "engine", "other"]
    name: str = ""
    base_url: str = ""
    certificate: str = ""


class Settings(Struct, frozen=True):
    """All preferences. `window_geometry` is Qt's bytes in base64.

    `keep_training_when_closed` is None until the user has been asked.
    """

    version: int = VERSION
    theme: Literal["system", "light", "dark"] = "system"
    recent_projects: tuple[str, ...] = ()
    last_project: str | None = None
    connections: tuple[ConnectionSettings, ...] = (
        ConnectionSettings(THIS_COMPUTER, "this_computer"),
    )
    active_connection: str = THIS_COMPUTER
    active_models: dict[str, str] = {}
    window_geometry: str = ""
    test_share: Annotated[float, Meta(ge=0, le=0.9)] = 0.2
    keep_training_when_closed: bool | None = None

    def with_recent(self, path: Path) -> "Settings":
        """Return the settings with this project as the last one and first of the recent ones."""
        others = [each for each in self.recent_projects if each != str(path)]
        recent = (str(path), *others)[:RECENT_LIMIT]
        return msgspec.structs.replace(self, recent_projects=recent, last_project=str(path))


class SettingsFile:
    """Where the settings are kept. Unknown keys in it are ignored and not kept.

    `set_aside` is the name that a file of no use was given when it was loaded, '' if there was
    none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set_aside = ""

    def load(self) -> Settings:
        """Read the settings; defaults where there are none.

        A file that cannot be read or understood, or that a newer version wrote, is kept aside as
        `<name>.bad-<time>` and the defaults are used.
        """
        try:
            settings = self._read()
        except FileNotFoundError:
            return Settings()
        except OSError:
            settings = None
        return self._start_afresh() if settings is None else settings

    def change(self, changes: Mapping[str, object], known: Settings) -> None:
        """Write some settings by name and leave the others as another window may have set them.

        Where there is no file to change, the others are as `known`. Raises OSError.
        """
        try:
            held = self._read()
        except OSError:
            held = None
        self.save(msgspec.structs.replace(known if held is None else held, **changes))

    def _read(self) -> Settings | None:
        """Return what the file holds, None if that cannot be understood. Raises OSError."""
        try:
            settings = msgspec.json.decode(self._path.read_bytes(), type=Settings)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return settings if settings.version <= VERSION else None

    def save(self, settings: Settings) -> None:
        """Write the settings, whole or not at all. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data = msgspec.json.format(msgspec.json.encode(settings), indent=2)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _start_afresh(self) -> Settings:
        aside = self._path.with_name(f"{self._path.name}.bad-{time.strftime('%Y%m%d-%H%M%S')}")
        with suppress(OSError):
            self._path.replace(aside)
            self.set_aside = aside.name
        _log.warning("the settings cannot be used; kept aside as %r", self.set_aside)
        return Settings()
