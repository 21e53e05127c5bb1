"""Products of a matrix with few vectors, in both ways of doing them."""

import numpy as np
import pytest

from desktop_app.engine.backends.numpy_llama import few_rows
from desktop_app.engine.backends.numpy_llama.few_rows import further_cost, product_of_few


@pytest.mark.parametrize("way", [few_rows._together, few_rows._one_by_one])
@pytest.mark.parametrize("rows", [7, 2048, 2100])
@pytest.mark.parametrize("vectors", [2, 5, 16])
def test_both_ways_are_the_product(
    monkeypatch: pytest.MonkeyPatch, way: object, rows: int, vectors: int
) -> None:
    monkeypatch.setattr(few_rows, "_fastest", lambda: way)
    generator = np.random.default_rng(rows + vectors)
    weight, x = generator.normal(size=(rows, 40)), generator.normal(size=(vectors, 40))
    y = product_of_few(weight, x)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, x @ weight.T, rtol=1e-12, atol=1e-12)
    single = product_of_few(weight.astype(np.float32), x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, y, rtol=1e-4, atol=1e-4)


def test_what_a_further_vector_costs_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for measured in (few_rows._fastest, further_cost):
        measured.cache_clear()
    calls = []

    def seconds(way: object, vectors: int) -> float:
        calls.append((way, vectors))
        return {1: 2.0}.get(vectors, 5.0 if way is few_rows._together else 8.0)

    monkeypatch.setattr(few_rows, "_seconds", seconds)
    try:
        assert few_rows._fastest() is few_rows._together
        assert [further_cost(), further_cost()] == [pytest.approx(0.5)] * 2
        assert len(calls) == 4
    finally:
        for measured in (few_rows._fastest, further_cost):
            measured.cache_clear()
