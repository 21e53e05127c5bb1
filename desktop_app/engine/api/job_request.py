"""What may be asked of a new job, with the limits of SPEC `CreateFineTuningJobRequest`."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.engine.errors import ApiError

Auto = Literal["auto"]
MAX_SEED = 2**31 - 1
MAX_METADATA = 16


class HyperparametersBody(Struct, frozen=True):
    """Each a number or "auto"."""

    n_epochs: Annotated[int, Meta(ge=1, le=50)] | Auto | None = None
    batch_size: Annotated[int, Meta(ge=1, le=256)] | Auto | None = None
    learning_rate_multiplier: Annotated[float, Meta(gt=0)] | Auto | None = None

    def numbers(self) -> Hyperparameters:
        """Return what was set."""
        return Hyperparameters(
            n_epochs=None if self.n_epochs == "auto" else self.n_epochs,
            batch_size=None if self.batch_size == "auto" else self.batch_size,
            learning_rate_multiplier=None
            if self.learning_rate_multiplier == "auto"
            else self.learning_rate_multiplier,
        )


class SupervisedBody(Struct, frozen=True):
    """The supervised method's settings."""

    hyperparameters: HyperparametersBody | None = None


class MethodBody(Struct, frozen=True):
    """How to train."""

    type: str
    supervised: SupervisedBody | None = None


class JobBody(Struct, frozen=True):
    """The body of POST /fine_tuning/jobs."""

    model: Annotated[str, Meta(min_length=1, max_length=300)]
    training_file: Annotated[str, Meta(max_length=100)]
    validation_file: Annotated[str, Meta(max_length=100)] | None = None
    suffix: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] | None = None
    method: MethodBody | None = None
    hyperparameters: HyperparametersBody | None = None
    metadata: dict[str, str] | None = None
    integrations: list[Any] | None = None

    def chosen(self) -> Hyperparameters:
        """Return the hyperparameters of the method, else those of the deprecated place."""
        if self.method is not None and self.method.supervised is not None:
            within = self.method.supervised.hyperparameters
            if within is not None:
                return within.numbers()
        return self.hyperparameters.numbers() if self.hyperparameters else Hyperparameters()

    def check(self) -> None:
        """Raise ApiError for what the types cannot say."""
        if self.method is not None and self.method.type != "supervised":
            message = f"The method '{self.method.type[:40]}' is not offered: only 'supervised' is."
            raise ApiError(400, message, param="method.type")
        if self.integrations:
            raise ApiError(400, "Integrations are not offered.", param="integrations")
        pairs = self.metadata or {}
        if len(pairs) > MAX_METADATA:
            raise ApiError(400, "At most 16 pairs are allowed.", param="metadata")
        if any(not 1 <= len(key) <= 64 or len(value) > 512 for key, value in pairs.items()):
            message = "Keys may have 64 characters and values 512."
            raise ApiError(400, message, param="metadata")
