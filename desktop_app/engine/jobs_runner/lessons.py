"""What a run learns from by one method; the loop of the run knows examples by their place only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from desktop_app.core.examples.rules import DPO
from desktop_app.engine.backends.backend import (
    Measurement,
    Model,
    PreferencePair,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.jobs_runner import job_folder
from desktop_app.engine.jobs_runner.encoding import (
    EncodedFile,
    Replies,
    encode_file,
    encode_preference_file,
)
from desktop_app.engine.jobs_runner.reference import with_reference
from desktop_app.engine.jobs_runner.settings import RunSettings


class Lessons(Protocol):
    """Examples to learn from, and held-out ones to measure with. Raises as a Trainer does."""

    n_training: int
    n_validation: int

    def step(self, places: Sequence[int], learning_rate: float) -> Measurement:
        """Learn from some examples, all at once."""
        ...

    def validate(self, places: Sequence[int]) -> Measurement:
        """Measure some held-out examples."""
        ...

    def n_tokens(self, places: Sequence[int]) -> int:
        """Return how many tokens some examples have."""
        ...


class SupervisedLessons(Lessons):
    """Conversations whose replies are to be learned."""

    def __init__(
        self,
        trainer: Trainer,
        training: Sequence[TrainingExample],
        validation: Sequence[TrainingExample],
    ) -> None:
        self._trainer = trainer
        self._training = training
        self._validation = validation
        self.n_training, self.n_validation = len(training), len(validation)

    @override
    def step(self, places: Sequence[int], learning_rate: float) -> Measurement:
        return self._trainer.step([self._training[place] for place in places], learning_rate)

    @override
    def validate(self, places: Sequence[int]) -> Measurement:
        return self._trainer.validate([self._validation[place] for place in places])

    @override
    def n_tokens(self, places: Sequence[int]) -> int:
        return sum(len(self._training[place].tokens) for place in places)


class PreferenceLessons(Lessons):
    """Pairs of replies, of which the preferred one is to gain on the other."""

    def __init__(
        self,
        trainer: Trainer,
        training: Sequence[PreferencePair],
        validation: Sequence[PreferencePair],
        beta: float,
    ) -> None:
        self._trainer = trainer
        self._training = training
        self._validation = validation
        self._beta = beta
        self.n_training, self.n_validation = len(training), len(validation)

    @override
    def step(self, places: Sequence[int], learning_rate: float) -> Measurement:
        batch = [self._training[place] for place in places]
        return self._trainer.step_preferences(batch, learning_rate, self._beta)

    @override
    def validate(self, places: Sequence[int]) -> Measurement:
        pairs = [self._validation[place] for place in places]
        return self._trainer.validate_preferences(pairs, self._beta)

    @override
    def n_tokens(self, places: Sequence[int]) -> int:
        pairs = [self._training[place] for place in places]
        return sum(len(pair.preferred.tokens) + len(pair.other.tokens) for pair in pairs)


@dataclass(frozen=True)
class Material:
    """The examples of a job as tokens; `skipped` training examples have no reply left."""

    n_training: int
    skipped: int
    lessons: Callable[[Trainer], Lessons]
    """Makes lessons with a trainer that has not learned anything yet."""


def read_material(
    model: Model, folder: Path, settings: RunSettings, broken_off: Callable[[], bool]
) -> Material:
    """Encode a job's files. Raises RefusedLineError and BrokenOffError."""
    training = folder / job_folder.TRAINING
    validation = folder / job_folder.VALIDATION if settings.has_validation else None
    if settings.method == DPO:
        pairs = encode_preference_file(model, training, broken_off)
        held_out = encode_preference_file(model, validation, broken_off) if validation else None
        return _preferences(pairs, held_out, folder, settings.beta)
    examples = encode_file(model, training, broken_off)
    measured = encode_file(model, validation, broken_off).examples if validation else []
    return Material(
        len(examples.examples),
        examples.skipped,
        lambda trainer: SupervisedLessons(trainer, examples.examples, measured),
    )


def _preferences(
    pairs: EncodedFile[Replies], held_out: EncodedFile[Replies] | None, folder: Path, beta: float
) -> Material:
    def lessons(trainer: Trainer) -> Lessons:
        # Of the held-out pairs first: they are measured before the first step.
        validation = held_out.examples if held_out else []
        measured = with_reference(trainer, validation, folder / job_folder.HELD_OUT_REFERENCE)
        learned = with_reference(trainer, pairs.examples, folder / job_folder.REFERENCE)
        return PreferenceLessons(trainer, learned, measured, beta)

    return Material(len(pairs.examples), pairs.skipped, lessons)
