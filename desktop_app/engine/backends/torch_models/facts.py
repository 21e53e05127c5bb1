"""What PyTorch finds on this computer, asked of a short-lived child: loading it takes seconds.

python -m desktop_app.engine.backends.torch_models.facts
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping

import msgspec
from msgspec import Struct

VARIABLE = "EXEMPLAR_TORCH_FACTS"
"""By which a process hands on what it knows to those that it starts."""
_PACKAGES = ("torch", "transformers", "tokenizers")
_SECONDS = 120.0


class Facts(Struct, frozen=True):
    """The best device, and its own memory in bytes (0 for none).

    `kind` is cuda, mps or cpu; `halves`: weights are held in bfloat16, as it is the faster there.
    """

    kind: str
    device: str
    memory: int = 0
    halves: bool = False

    @property
    def has_gpu(self) -> bool:
        """Whether there is something faster than the processor."""
        return self.kind != "cpu"


def lacking() -> str | None:
    """Name the first package that this back end needs and that is not installed."""
    return next((name for name in _PACKAGES if importlib.util.find_spec(name) is None), None)


def handed_on() -> Facts | None:
    """Return what the process that started this one knew."""
    try:
        return msgspec.json.decode(os.environ.get(VARIABLE, ""), type=Facts)
    except msgspec.DecodeError:
        return None


def handing_on(facts: Facts | None) -> dict[str, str]:
    """Return the variable for a child."""
    return {} if facts is None else {VARIABLE: msgspec.json.encode(facts).decode()}


def ask_child(environment: Mapping[str, str]) -> Facts | None:
    """Start a child that looks; None if it finds nothing out."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=Facts)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


def _main() -> None:
    from desktop_app.engine.backends.torch_models.devices import facts  # noqa: PLC0415

    sys.stdout.write(msgspec.json.encode(facts()).decode())


if __name__ == "__main__":
    _main()
