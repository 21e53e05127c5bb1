"""AdamW (Loshchilov & Hutter 2019) without weight decay, over one flat vector of parameters."""

import math

import numpy as np

from desktop_app.engine.backends.arrays import Array

_CHUNK = 1 << 15
"""Numbers treated at once: what fits into a core's cache."""


class AdamW:
    """m = β1 m + (1 - β1) g,  v = β2 v + (1 - β2) g²,  θ -= η m̂ / (sqrt(v̂) + ε).

    m̂ = m / (1 - β1^t) and v̂ = v / (1 - β2^t) at step t.
    """

    beta_1, beta_2, epsilon = 0.9, 0.99, 1e-8

    def __init__(self, parameters: Array) -> None:
        self.parameters = parameters
        self.first_moment: Array = np.zeros_like(parameters)
        self.second_moment: Array = np.zeros_like(parameters)
        self.steps = 0

    def step(self, gradient: Array, learning_rate: float) -> None:
        """Do one step; the gradient is overwritten."""
        self.steps += 1
        rate = learning_rate / (1 - self.beta_1**self.steps)
        root = math.sqrt(1 - self.beta_2**self.steps)
        for start in range(0, len(gradient), _CHUNK):
            part = slice(start, start + _CHUNK)
            g, m, v = gradient[part], self.first_moment[part], self.second_moment[part]
            m *= self.beta_1
            m += (1 - self.beta_1) * g
            np.square(g, out=g)
            g *= 1 - self.beta_2
            v *= self.beta_2
            v += g
            np.sqrt(v, out=g)
            g /= root
            g += self.epsilon
            np.divide(m, g, out=g)
            g *= rate
            self.parameters[part] -= g


def clip_norm(gradient: Array, limit: float = 1.0) -> None:
    """Scale the gradient down to the Euclidean norm `limit` where it is longer."""
    norm = math.sqrt(float(np.dot(gradient, gradient)))
    if norm > limit:
        gradient *= limit / norm
