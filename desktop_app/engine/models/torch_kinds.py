"""Which kinds of models the installed transformers runs; it is not loaded for it."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

_TABLE = "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"
_UNKNOWN = "This model is of the kind {kind!r}, which nothing here can run."
_NO_KIND = "The model's config.json does not say what kind of model it is."


def unknown_to_torch(kind: str) -> str | None:
    """Say that a `model_type` is none that PyTorch's back end runs; None if it is, or may be."""
    if not kind:
        return _NO_KIND
    kinds = torch_kinds()
    return None if kind in kinds or not kinds else _UNKNOWN.format(kind=kind[:40])


@cache
def torch_kinds() -> frozenset[str]:
    """Return what a config.json's `model_type` can be; nothing where that cannot be told.

    Loading transformers takes seconds, reading its table of names as a text 20 milliseconds.
    Source: transformers 5.23, models/auto/modeling_auto.py.
    """
    found = importlib.util.find_spec("transformers")
    for folder in (found.submodule_search_locations or ()) if found else ():
        try:
            text = (Path(folder) / "models" / "auto" / "modeling_auto.py").read_text("utf-8")
            return _kinds_in(ast.parse(text))
        except (OSError, ValueError, SyntaxError):
            continue
    return frozenset()


def _kinds_in(program: ast.Module) -> frozenset[str]:
    """Return the first of each pair in the table. Raises ValueError where it is no plain table."""
    for statement in program.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[table])):
                if name == _TABLE:
                    return frozenset(str(kind) for kind, _ in ast.literal_eval(table))
    return frozenset()
