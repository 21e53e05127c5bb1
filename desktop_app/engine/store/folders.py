"""Where the service keeps its files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The store of one service: a folder that belongs to it alone."""

    root: Path

    @property
    def database(self) -> Path:
        """Files, jobs, events and checkpoints as SQLite rows."""
        return self.root / "engine.sqlite"

    @property
    def lock(self) -> Path:
        """Locked as long as a service runs on this store."""
        return self.root / "lock"

    @property
    def service(self) -> Path:
        """Where the running service can be reached."""
        return self.root / "service.json"

    @property
    def log(self) -> Path:
        """The service's own log."""
        return self.root / "engine.log"

    @property
    def files(self) -> Path:
        """Uploaded files and results, named by id."""
        return self.root / "files"

    @property
    def uploads(self) -> Path:
        """A folder an upload in parts: its parts, named by id."""
        return self.root / "uploads"

    @property
    def jobs(self) -> Path:
        """A folder a job: its examples, its checkpoint, its adapters."""
        return self.root / "jobs"

    @property
    def models(self) -> Path:
        """Base models as GGUF files."""
        return self.root / "models"

    @property
    def answering(self) -> Path:
        """Copies of models for the runtime that answers; made when there is a need."""
        return self.root / "answering"

    @property
    def temporary(self) -> Path:
        """What is being received or fetched; emptied at every start."""
        return self.root / "temporary"

    def create(self) -> None:
        """Make every folder, readable by its owner only."""
        self.root.mkdir(parents=True, exist_ok=True)
        parts = (self.files, self.uploads, self.jobs, self.models, self.temporary)
        for folder in (self.root, *parts):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
