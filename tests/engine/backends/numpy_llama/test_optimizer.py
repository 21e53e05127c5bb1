import numpy as np
import pytest

from desktop_app.engine.backends.numpy_llama.optimizer import AdamW, clip_norm


def test_steps_follow_the_formula_over_several_chunks() -> None:
    generator = np.random.default_rng(1)
    parameters = generator.normal(size=70_000)
    expected, m, v = parameters.copy(), np.zeros(70_000), np.zeros(70_000)
    optimizer = AdamW(parameters)
    for step in range(1, 4):
        gradient = generator.normal(size=70_000)
        m = 0.9 * m + 0.1 * gradient
        v = 0.99 * v + 0.01 * gradient**2
        expected -= 1e-3 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
        optimizer.step(gradient.copy(), 1e-3)
    np.testing.assert_allclose(parameters, expected, rtol=1e-12)


def test_a_gradient_of_0_moves_nothing() -> None:
    parameters = np.ones(10, np.float32)
    AdamW(parameters).step(np.zeros(10, np.float32), 1e-3)
    assert (parameters == 1).all()


def test_only_long_gradients_are_clipped() -> None:
    long, short = np.full(4, 3.0), np.full(4, 0.3)
    clip_norm(long)
    clip_norm(short)
    assert np.linalg.norm(long) == pytest.approx(1)
    assert (short == 0.3).all()
