"""Models in float64, in which finite differences are sharp."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from desktop_app.engine.backends.backend import TrainingExample
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.weights import (
    LayerWeights,
    ModelWeights,
    read_weights,
)


def double_weights(path: Path) -> ModelWeights:
    with open_model(path) as file:
        weights = read_weights(file)
    return replace(
        weights,
        embedding=weights.embedding.astype(np.float64),
        layers=[_double(layer) for layer in weights.layers],
        final_norm=weights.final_norm.astype(np.float64),
        output=weights.output.astype(np.float64),
    )


def _double(layer: LayerWeights) -> LayerWeights:
    there = {name: part for name, part in vars(layer).items() if part is not None}
    return replace(layer, **{name: part.astype(np.float64) for name, part in there.items()})


def random_example(seed: int, length: int = 12, supervised: int = 5) -> TrainingExample:
    generator = np.random.default_rng(seed)
    loss_weights = np.zeros(length, np.float32)
    loss_weights[generator.choice(np.arange(1, length), supervised, replace=False)] = 1
    return TrainingExample(generator.integers(3, 300, length), loss_weights)
