import pytest

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.core.jobs.limits import out_of_range


@pytest.mark.parametrize(
    ("chosen", "seed"),
    [
        (Hyperparameters(), None),
        (Hyperparameters(1, 1, 0.001), 0),
        (Hyperparameters(50, 256, 10.0), 2_147_483_647),
        (Hyperparameters(beta=0.001), None),
        (Hyperparameters(beta=2.0), None),
    ],
)
def test_what_services_take(chosen: Hyperparameters, seed: int | None) -> None:
    assert out_of_range(chosen, seed) is None


@pytest.mark.parametrize(
    ("chosen", "seed", "name"),
    [
        (Hyperparameters(n_epochs=0), None, "n_epochs"),
        (Hyperparameters(n_epochs=51), None, "n_epochs"),
        (Hyperparameters(batch_size=257), None, "batch_size"),
        (Hyperparameters(learning_rate_multiplier=0.0), None, "learning_rate_multiplier"),
        (Hyperparameters(learning_rate_multiplier=float("nan")), None, "learning_rate_multiplier"),
        (Hyperparameters(beta=0.0), None, "beta"),
        (Hyperparameters(beta=2.001), None, "beta"),
        (Hyperparameters(beta=float("nan")), None, "beta"),
        (Hyperparameters(), -1, "seed"),
        (Hyperparameters(), 2**31, "seed"),
    ],
)
def test_what_no_service_takes(chosen: Hyperparameters, seed: int | None, name: str) -> None:
    assert out_of_range(chosen, seed) == name
