"""A run's state in one safetensors file: parameters, both moments, the step, a checksum."""

import hashlib
import json
from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_safetensors

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.atomic_file import write_atomically
from desktop_app.engine.backends.backend import CheckpointError, OtherRunError


class OptimizerState(Protocol):
    """What an optimizer has of a run: numbers in float32, all of one length, and its steps."""

    parameters: Array
    first_moment: Array
    second_moment: Array
    steps: int


def save(path: Path, optimizer: OptimizerState, identity: dict[str, object]) -> None:
    """Write the state of a run; `identity` is what the run that takes it up must share."""
    tensors = _tensors(optimizer)
    metadata = {
        "identity": json.dumps(identity, sort_keys=True),
        "steps": str(optimizer.steps),
    }
    metadata["sha256"] = _checksum(tensors, metadata)
    write_atomically(path, to_safetensors(tensors, metadata))


def load(path: Path, optimizer: OptimizerState, identity: dict[str, object]) -> None:
    """Put the saved state into the optimizer and its parameters, or raise CheckpointError.

    Of a sound state whose identity is another, OtherRunError.
    """
    damaged = CheckpointError(f"The checkpoint {path.name} is damaged.")
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            saved = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (OSError, SafetensorError, ValueError) as error:
        raise damaged from error
    current = _tensors(optimizer)
    if metadata.pop("sha256", None) != _checksum(saved, metadata):
        raise damaged
    if metadata.get("identity") != json.dumps(identity, sort_keys=True):
        raise OtherRunError(f"The checkpoint {path.name} belongs to another run.")
    if saved.keys() != current.keys():
        raise damaged
    if any(saved[name].shape != current[name].shape for name in current):
        raise damaged
    for name, values in saved.items():
        current[name][:] = values
    optimizer.steps = int(metadata["steps"])


def _tensors(optimizer: OptimizerState) -> dict[str, Array]:
    return {
        "parameters": optimizer.parameters,
        "first_moment": optimizer.first_moment,
        "second_moment": optimizer.second_moment,
    }


def _checksum(tensors: dict[str, Array], metadata: dict[str, str]) -> str:
    """Of the numbers, and of what is said of them: a wrong count of steps would go unseen."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()
