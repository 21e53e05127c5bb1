"""Without PyTorch there is nothing to test here."""

import pytest

from desktop_app.engine.backends.torch_models.facts import lacking

collect_ignore_glob = ["test_*.py"] if lacking() is not None else []


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """There are others at work on this machine."""
    import torch

    torch.set_num_threads(1)
