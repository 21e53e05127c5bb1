"""One of the processes of test_team.py: trains a little and writes down what it measured.

python -m tests.engine.backends.torch_models.team_child MODEL OUT
"""

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from desktop_app.engine.backends.backend import BrokenOffError, LoraSettings, PreferencePair
from desktop_app.engine.backends.torch_models import model as torch_model
from desktop_app.engine.backends.torch_models.backend import TorchBackend
from desktop_app.engine.backends.torch_models.plan import MemoryPlan
from tests.engine.backends.conformance.installed import BATCHES, example


def main(model_path: Path, out: Path) -> None:
    """Train, save, go on from there, and be broken off."""
    torch.set_num_threads(1)
    rank = int(os.environ.get("RANK", "0"))
    wishes = [False]
    # Each process has another idea of what is free.
    mine = MemoryPlan(1024 >> rank, saves_memory=rank == 1)
    patch.object(torch_model, "plan", lambda *_: mine).start()
    model = TorchBackend("cpu", "float32").load(model_path)
    trainer = model.trainer(LoraSettings(4, 8.0), seed=3, broken_off=lambda: wishes[0])
    pairs = [PreferencePair(example(n), example(n + 60, 17, 7), n / 10) for n in range(3)]
    found: dict[str, Any] = {"losses": [trainer.step(batch, 1e-2).loss for batch in BATCHES[:2]]}
    trainer.save_checkpoint(out / "state")
    found["losses"] += [trainer.step(batch, 1e-2).loss for batch in BATCHES[2:]]
    found["plan"] = [trainer.plan.pack_tokens, trainer.plan.saves_memory]
    found["last"] = found["losses"][2:]
    trainer.load_checkpoint(out / "state")
    found["again"] = [trainer.step(batch, 1e-2).loss for batch in BATCHES[2:]]
    found["alone"] = trainer.step(BATCHES[0][:1], 1e-2).loss  # nothing for the others to do
    found["compared"] = [trainer.step_preferences(pairs, 1e-3, 0.3).loss for _ in range(2)]
    found["validated"] = trainer.validate(BATCHES[3]).loss
    trainer.export_adapter(out / "adapter")
    wishes[0] = rank == 0
    try:
        trainer.step(BATCHES[0], 1e-2)
    except BrokenOffError:
        found["broken_off"] = True
    found["sharded"] = model.network.is_sharded  # type: ignore[attr-defined]  # a TorchModel
    (out / f"rank-{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
