"""Attention in blocks is attention with a mask, there and back, at every length and window."""

import pytest
import torch
from torch import Tensor

from desktop_app.engine.backends.torch_models.packed_attention import attention

HEADS, KEY_HEADS, WIDTH, SCALE = 4, 2, 8, 0.3


def masked(q: Tensor, k: Tensor, v: Tensor, window: int | None, softcap: float | None) -> Tensor:
    k, v = (x.repeat_interleave(HEADS // KEY_HEADS, dim=1) for x in (k, v))
    scores = SCALE * q @ k.transpose(2, 3)
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    places = torch.arange(q.shape[2])
    ago = places[:, None] - places
    seen = (ago >= 0) & (ago < (window or len(places)))
    return scores.masked_fill(~seen, float("-inf")).softmax(-1) @ v


@pytest.mark.parametrize("length", [5, 128, 300, 512, 700, 1100])
@pytest.mark.parametrize(("window", "softcap"), [(None, None), (150, None), (None, 2.0), (9, 2.0)])
def test_blocks(length: int, window: int | None, softcap: float | None) -> None:
    torch.manual_seed(length)
    shapes = [(2, heads, length, WIDTH) for heads in (HEADS, KEY_HEADS, KEY_HEADS)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    q, k, v = inputs
    found = attention(q, k, v, scale=SCALE, window=window, softcap=softcap)
    expected = masked(q, k, v, window, softcap)
    # The softmax of the blocks is in float32.
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    pull = torch.randn_like(expected)
    for mine, its in zip(
        torch.autograd.grad(found, inputs, pull),
        torch.autograd.grad(expected, inputs, pull),
        strict=True,
    ):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-4)
