"""The result file of a job: a CSV with a line per step, for services that send no events.

Columns: fine-tuning guide (OpenAI) and Microsoft's documentation, whose names differ. Cells may
be empty or -1 where nothing was measured.
"""

import csv
import io
from math import isfinite

import msgspec

from desktop_app.core.jobs.curve import usable
from desktop_app.core.jobs.job import Metrics

_OTHER_NAMES = {
    "train_accuracy": "train_mean_token_accuracy",
    "validation_loss": "valid_loss",
    "valid_accuracy": "valid_mean_token_accuracy",
    "validation_mean_token_accuracy": "valid_mean_token_accuracy",
}
_MEASURES = frozenset(Metrics.__struct_fields__) - {"step", "total_steps"}


def parse_result_file(content: bytes) -> list[Metrics]:
    """Return what was measured, in order of steps; empty for what is no result file."""
    text = content.decode("utf-8-sig", errors="replace").replace("\0", "")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error:
        return []
    measured = [metrics for row in rows if (metrics := _metrics(row)) is not None]
    return sorted(measured, key=lambda metrics: metrics.step or 0)


def _metrics(row: dict[str, str | None]) -> Metrics | None:
    """One line; None if it names no step or measures nothing."""
    cells = {_field(name): cell for name, cell in row.items() if isinstance(name, str)}
    step = _number(cells.get("step"))
    if step is None or step < 0:
        return None
    measures: dict[str, float] = {}
    for name in _MEASURES:
        value = usable(_number(cells.get(name)))
        if value is not None:
            measures[name] = value
    return msgspec.convert(measures | {"step": int(step)}, Metrics) if measures else None


def _field(name: str) -> str:
    plain = name.strip().lower()
    return _OTHER_NAMES.get(plain, plain)


def _number(cell: str | None) -> float | None:
    try:
        number = float(cell or "")
    except ValueError:
        return None
    return number if isfinite(number) else None
