"""What the tests ask of a service that fetches models."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.service.own_api import Caller

NAME, KEY, MODEL = "maker/Small-Model", "maker--small-model", "small-model"
PATH = "fetches/maker/Small-Model"


def begin(caller: Caller, name: str = NAME) -> tuple[int, Any]:
    return caller.ask("POST", "fetches", {"hub": name, "licence_accepted": True})


def until(caller: Caller, done: Callable[[Any], bool], name: str = NAME) -> Any:  # noqa: ANN401  # JSON
    """Wait for a state of a model."""
    deadline = time.monotonic() + 20
    while not done(entry := caller.ask("GET", f"hub?name={name}")[1]):
        assert time.monotonic() < deadline, entry
        time.sleep(0.01)
    return entry


def ended(caller: Caller, name: str = NAME) -> Any:  # noqa: ANN401  # JSON
    return until(caller, lambda entry: entry["state"] != "fetching", name)


def staged(store: Path) -> Path:
    return store / "models" / ".fetching" / KEY
