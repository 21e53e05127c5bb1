"""What the user asks for when starting a job, and what stands in the way."""

from dataclasses import dataclass, field

from desktop_app.core.jobs.job import Hyperparameters

CONNECTIONS = "connections"
"""Stands where a tab would, for what is mended in the dialog of the connections."""


@dataclass(frozen=True)
class JobPlan:
    """A job to be. None leaves a choice to the service; `estimate_usd` is what it should cost."""

    name: str
    connection_id: str
    base_model: str
    hyperparameters: Hyperparameters = field(default_factory=Hyperparameters)
    seed: int | None = None
    use_test_as_validation: bool = True
    estimate_usd: float | None = None


@dataclass(frozen=True)
class Obstacle:
    """Why a job cannot be started, and what mends it: a tab, CONNECTIONS, or "" for nothing."""

    text: str
    label: str = ""
    tab: str = ""


@dataclass(frozen=True)
class TunedModel:
    """A model that a job made; `step` is None for the finished one."""

    name: str
    model_id: str
    submission: str
    step: int | None = None
