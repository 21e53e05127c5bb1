"""One evaluation as it is kept in the project."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from desktop_app.core.evaluation.report import Case, Outcome
from desktop_app.state.chat.model_choice import ModelChoice

KIND = "evaluation"

RUNNING, DONE, CANCELLED, FAILED = "running", "done", "cancelled", "failed"


class EvaluationDocument(Struct, frozen=True, omit_defaults=True):
    """`outcomes` holds for each model what it did, by the key of the case.

    `fingerprint` is the test set's; `problem` and `detail` say why a failed one ended.
    """

    id: str
    created_at: float
    models: tuple[ModelChoice, ...]
    cases: tuple[Case, ...]
    fingerprint: str
    state: str = RUNNING
    outcomes: tuple[dict[str, Outcome], ...] = ()
    problem: str = ""
    detail: str = ""

    @property
    def title(self) -> str:
        return " / ".join(model.name for model in self.models)

    @property
    def n_done(self) -> int:
        """How many cases the models have met, in all."""
        return sum(len(model) for model in self.outcomes)

    @property
    def n_in_all(self) -> int:
        return len(self.cases) * len(self.models)

    @property
    def n_problems(self) -> int:
        """How many of them went wrong."""
        return sum(bool(each.problem) for model in self.outcomes for each in model.values())

    @property
    def can_go_on(self) -> bool:
        """Whether it ended with something missing."""
        return self.state != RUNNING and (self.n_done < self.n_in_all or self.n_problems > 0)

    def is_of(self, models: Iterable[ModelChoice]) -> bool:
        """Whether it is of these models, by whatever names."""
        others = tuple(models)
        return len(others) == len(self.models) and all(
            map(ModelChoice.is_same_as, self.models, others)
        )

    def without_problems(self) -> "EvaluationDocument":
        """The same as if what went wrong had not been tried."""
        outcomes = tuple(
            {key: each for key, each in model.items() if not each.problem}
            for model in self.outcomes
        )
        return msgspec.structs.replace(self, outcomes=outcomes)

    def with_outcome(self, model: int, key: str, outcome: Outcome) -> "EvaluationDocument":
        """The same with one more outcome."""
        outcomes = list(self.outcomes)
        outcomes[model] = {**outcomes[model], key: outcome}
        return msgspec.structs.replace(self, outcomes=tuple(outcomes))


def encode(document: EvaluationDocument) -> str:
    """The JSON text that the project keeps."""
    return msgspec.json.encode(document).decode()


def decode(body: str) -> EvaluationDocument:
    """Read a kept evaluation. One that still ran when the program ended was cancelled.

    Raises msgspec.DecodeError.
    """
    document = msgspec.json.decode(body, type=EvaluationDocument)
    if document.state == RUNNING:
        return msgspec.structs.replace(document, state=CANCELLED)
    return document
