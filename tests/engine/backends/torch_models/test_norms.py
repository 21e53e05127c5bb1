"""Norms that keep less give what transformers' give, there and back."""

import copy

import pytest
import torch
from torch import nn
from transformers.models.gemma2.modeling_gemma2 import Gemma2RMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

from desktop_app.engine.backends.torch_models.memory import Kept
from desktop_app.engine.backends.torch_models.norms import keep_less

WIDTH = 48


def norm_of(kind: type[nn.Module], dtype: torch.dtype = torch.float32) -> nn.Module:
    torch.manual_seed(1)
    norm: nn.Module = kind(WIDTH, eps=1e-3)
    norm.requires_grad_(requires_grad=False)
    nn.init.normal_(norm.weight)
    return norm.to(dtype)


def passed(norm: nn.Module, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Return what comes out, the gradient, and the bytes kept for it."""
    generator = torch.Generator().manual_seed(2)
    # Small ones, so that epsilon counts.
    states = (torch.randn(2, 5, WIDTH, generator=generator) * 0.05).to(dtype).requires_grad_()
    pull = torch.randn(2, 5, WIDTH, generator=generator).to(dtype)
    kept = Kept(norm)
    with kept.counting():
        out = norm(states)
    out.backward(pull)
    assert states.grad is not None
    return out.detach(), states.grad, kept.bytes


@pytest.mark.parametrize("kind", [LlamaRMSNorm, Qwen3RMSNorm])
@pytest.mark.parametrize(
    ("dtype", "near", "share"), [(torch.float32, 1e-6, 1.0), (torch.bfloat16, 1e-2, 0.6)]
)
def test_less_is_kept(kind: type[nn.Module], dtype: torch.dtype, near: float, share: float) -> None:
    usual = norm_of(kind, dtype)
    sparing = copy.deepcopy(usual)
    keep_less(sparing)
    out, gradient, kept = passed(usual, dtype)
    found, found_gradient, found_kept = passed(sparing, dtype)
    assert torch.equal(found, out)
    assert float(gradient.norm()) > 0
    assert float((found_gradient - gradient).float().norm()) < near * float(gradient.float().norm())
    assert found_kept <= share * kept


@pytest.mark.parametrize("kind", [Gemma2RMSNorm, nn.RMSNorm, nn.LayerNorm])
def test_others_are_left_as_they_are(kind: type[nn.Module]) -> None:
    norm = norm_of(kind)
    expected, _, _ = passed(norm, torch.float32)
    keep_less(norm)
    found, _, _ = passed(norm, torch.float32)
    assert torch.equal(found, expected)
    assert ("forward" in vars(norm)) == (kind is nn.RMSNorm)


def test_a_copy_goes_by_its_own_weights() -> None:
    norm = norm_of(LlamaRMSNorm)
    keep_less(norm)
    other = copy.deepcopy(norm)
    nn.init.zeros_(other.weight)
    assert not passed(other, torch.float32)[0].any()
    assert passed(norm, torch.float32)[0].any()
