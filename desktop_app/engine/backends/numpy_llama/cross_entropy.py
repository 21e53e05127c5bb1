"""Cross-entropy of the next token, computed only where a token is supervised.

For a hidden state x (d,), logits z = E x with the output matrix E (V, d), target t and weight w:
loss = w (log sum exp z - z_t),  dL/dz = w (softmax(z) - onehot(t)),  dL/dx = Eᵀ dL/dz.
"""

import numpy as np

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.backend import Floats, TokenIds
from desktop_app.engine.backends.trainer import Predictions

_CHUNK = 128
"""Rows of logits held at once: 25 MB for a vocabulary of 49,152."""


def predict(hidden: Array, output: Array, targets: TokenIds) -> Predictions:
    """Score targets (S,) given hidden states (S, d)."""
    predictions, _ = _chunked(hidden, output, targets, None)
    return predictions


def predict_with_gradient(
    hidden: Array, output: Array, targets: TokenIds, weights: Floats
) -> tuple[Predictions, Array]:
    """Score targets and return dL/dhidden (S, d) of the sum of losses weighted by (S,)."""
    predictions, gradient = _chunked(hidden, output, targets, weights)
    assert gradient is not None
    return predictions, gradient


def _chunked(
    hidden: Array, output: Array, targets: TokenIds, weights: Floats | None
) -> tuple[Predictions, Array | None]:
    log_probabilities = np.empty(len(targets), hidden.dtype)
    right = np.empty(len(targets), np.bool_)
    gradient = None if weights is None else np.empty(hidden.shape, hidden.dtype)
    for start in range(0, len(targets), _CHUNK):
        rows = slice(start, start + _CHUNK)
        logits = hidden[rows] @ output.T
        each = np.arange(len(logits))
        right[rows] = logits.argmax(axis=-1) == targets[rows]
        logits -= logits.max(axis=-1, keepdims=True)
        wanted = logits[each, targets[rows]]
        exponentials = np.exp(logits, out=logits)
        sums = exponentials.sum(axis=-1)
        log_probabilities[rows] = wanted - np.log(sums)
        if gradient is not None and weights is not None:
            exponentials *= (weights[rows] / sums)[:, None]
            exponentials[each, targets[rows]] -= weights[rows]
            gradient[rows] = exponentials @ output
    return Predictions(log_probabilities, right), gradient
