"""What all tables need: the model in the forms of the contestants, and the sets as files."""

import json
import subprocess
from argparse import Namespace
from functools import cached_property
from pathlib import Path

from desktop_app.engine.exports.kinds import ExportKind
from tests.benchmarks.engine import sets
from tests.benchmarks.engine.children import can_import
from tests.benchmarks.engine.prepare import export


class Contest:
    """`baseline` is the Python of the other contestants, None where there is none."""

    def __init__(self, model: Path, folder: Path, options: Namespace) -> None:
        self.model = model
        self.folder = folder
        self.baseline: str | None = options.baseline
        self.rounds: int = options.rounds
        self.beside: list[str] = options.beside.split(",")
        self.adapters: list[Path] = []
        learned, held = sets.mixed()
        all_sets = {"sample": sets.sample(), "mixed": (learned[: options.mixed], held)}
        self.sets = {name: all_sets[name] for name in options.sets.split(",")}
        self.whole = {"sample": len(all_sets["sample"][0]), "mixed": len(learned)}

    def file(self, name: str, content: object) -> str:
        """Write something as JSON, and return where."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def baseline_has(self, *modules: str) -> bool:
        """Whether the other contestants' Python has all of these."""
        return self.baseline is not None and can_import(self.baseline, *modules)

    def baseline_version(self, module: str) -> str:
        """Return a version there."""
        assert self.baseline is not None
        code = f"import {module}; print({module}.__version__)"
        done = subprocess.run(
            [self.baseline, "-c", code], capture_output=True, text=True, check=True
        )
        return done.stdout.split()[-1]

    @cached_property
    def base_folder(self) -> Path:
        """The starter model in float32 as transformers reads it."""
        return export(ExportKind.MERGED, self.model, None, self.folder / "base")

    def merged_gguf(self, adapter: Path) -> Path:
        """Return the starter model with an adapter merged, in F16 as llama.cpp reads it."""
        folder = export(ExportKind.GGUF_F16, self.model, adapter, self.folder / "merged")
        return next(folder.glob("*.gguf"))

    def new_adapter(self) -> str:
        """Return a folder for an adapter."""
        self.adapters.append(self.folder / f"adapter-{len(self.adapters)}")
        return str(self.adapters[-1])
