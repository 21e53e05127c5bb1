"""What may be asked of a new job, with the limits of SPEC `CreateFineTuningJobRequest`."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace
from typing_extensions import override

from desktop_app.core.examples.rules import DPO, METHODS, SUPERVISED
from desktop_app.engine.errors import ApiError
from desktop_app.engine.store.records import RunHyperparameters

Auto = Literal["auto"]
MAX_SEED = 2**31 - 1
MAX_METADATA = 16

Number = TypeVar("Number", int, float)


class HyperparametersBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Each a number or "auto"."""

    n_epochs: Annotated[int, Meta(ge=1, le=50)] | Auto | None = None
    batch_size: Annotated[int, Meta(ge=1, le=256)] | Auto | None = None
    learning_rate_multiplier: Annotated[float, Meta(gt=0)] | Auto | None = None

    def numbers(self) -> RunHyperparameters:
        """Return what was set."""
        return RunHyperparameters(
            n_epochs=_set(self.n_epochs),
            batch_size=_set(self.batch_size),
            learning_rate_multiplier=_set(self.learning_rate_multiplier),
        )


class PreferenceHyperparametersBody(HyperparametersBody, frozen=True, forbid_unknown_fields=True):
    """Those of preference training too."""

    beta: Annotated[float, Meta(gt=0, le=2)] | Auto | None = None

    @override
    def numbers(self) -> RunHyperparameters:
        return replace(super().numbers(), beta=_set(self.beta))


class SupervisedBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The supervised method's settings."""

    hyperparameters: HyperparametersBody | None = None


class PreferenceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of direct preference optimization."""

    hyperparameters: PreferenceHyperparametersBody | None = None


class MethodBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How to train; of the settings, those of its type count."""

    type: str
    supervised: SupervisedBody | None = None
    dpo: PreferenceBody | None = None
    reinforcement: Any = None

    def hyperparameters(self) -> HyperparametersBody | None:
        """Return the settings of the chosen type."""
        settings = self.dpo if self.type == DPO else self.supervised
        return settings.hyperparameters if settings else None


class JobBody(Struct, frozen=True, forbid_unknown_fields=True):
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

    def chosen_method(self) -> str:
        """Return how to train."""
        return self.method.type if self.method else SUPERVISED

    def chosen(self) -> RunHyperparameters:
        """Return the method with its hyperparameters, else those of the deprecated place."""
        within = self.method.hyperparameters() if self.method else None
        chosen = within or self.hyperparameters or HyperparametersBody()
        return replace(chosen.numbers(), method=self.chosen_method())

    def check(self) -> None:
        """Raise ApiError for what the types cannot say."""
        if self.chosen_method() not in METHODS:
            message = (
                f"The method '{self.chosen_method()[:40]}' is not offered: only"
                f" {' and '.join(map(repr, METHODS))} are."
            )
            raise ApiError(400, message, param="method.type")
        if self.integrations:
            raise ApiError(400, "Integrations are not offered.", param="integrations")
        pairs = self.metadata or {}
        if len(pairs) > MAX_METADATA:
            raise ApiError(400, "At most 16 pairs are allowed.", param="metadata")
        if any(not 1 <= len(key) <= 64 or len(value) > 512 for key, value in pairs.items()):
            message = "Keys may have 64 characters and values 512."
            raise ApiError(400, message, param="metadata")


def _set(value: Number | Auto | None) -> Number | None:
    """Return a number, None where the choice is left to the service."""
    return None if value == "auto" else value
