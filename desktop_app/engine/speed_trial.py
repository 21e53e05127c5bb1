"""Prints how many tokens a second this computer trains.

python -m desktop_app.engine.speed_trial MODEL

Steps on made-up tokens, in the lengths of ordinary conversations; nothing is kept.
"""

import sys
import time
from pathlib import Path

import numpy as np

from desktop_app.engine.backends.backend import LoraSettings, TrainingExample
from desktop_app.engine.backends.choose import from_environment
from desktop_app.engine.jobs_runner.settings import LORA_ALPHA, LORA_RANK
from desktop_app.engine.worker import lower_priority

EXAMPLES, TOKENS, STEPS = 4, 80, 2


def main(model_path: Path) -> float:
    """Return tokens a second, after a first step that only warms up."""
    lower_priority()
    model = from_environment().load_to_train(model_path)
    trainer = model.trainer(LoraSettings(LORA_RANK, LORA_ALPHA), seed=0)
    words = model.tokenize("Thank you for asking. ")
    weights = np.zeros(TOKENS, np.float32)
    weights[TOKENS // 2 :] = 1
    # None begins as another does: that would be read once for all.
    turned = [np.roll(np.resize(words, TOKENS), place) for place in range(EXAMPLES)]
    batch = [TrainingExample(tokens, weights) for tokens in turned]
    trainer.step(batch, 0.0)
    began_at = time.perf_counter()
    for _ in range(STEPS):
        trainer.step(batch, 0.0)
    return STEPS * EXAMPLES * TOKENS / (time.perf_counter() - began_at)


if __name__ == "__main__":
    sys.stdout.write(str(main(Path(sys.argv[1]))))
