"""Products of a matrix with few vectors, in both ways of doing them."""

import numpy as np
import pytest

from desktop_app.engine.backends.numpy_llama.few_rows import (
    further_cost,
    multiplies_small,
    product_of_few,
)


@pytest.mark.parametrize("kernel", ["SKYLAKEX", "HASWELL"])
@pytest.mark.parametrize("rows", [7, 2048, 2100])
@pytest.mark.parametrize("vectors", [2, 5, 16])
def test_both_ways_are_the_product(
    monkeypatch: pytest.MonkeyPatch, kernel: str, rows: int, vectors: int
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", kernel)
    generator = np.random.default_rng(rows + vectors)
    weight, x = generator.normal(size=(rows, 40)), generator.normal(size=(vectors, 40))
    y = product_of_few(weight, x)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, x @ weight.T, rtol=1e-12, atol=1e-12)
    single = product_of_few(weight.astype(np.float32), x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, y, rtol=1e-4, atol=1e-4)


def test_the_way_goes_by_the_kernel_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "SKYLAKEX")
    assert multiplies_small()
    cheap = further_cost()
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert not multiplies_small()
    assert 0 < cheap < further_cost() < 1
