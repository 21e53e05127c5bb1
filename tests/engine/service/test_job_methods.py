"""Preference training, over the SDK and the whole service."""

from typing import Any

import pytest
from openai.types.fine_tuning import FineTuningJob

from tests.engine.service.engine_child import MODEL, Engine, example_lines
from tests.engine.service.job_lines import preference_lines

DPO = {
    "type": "dpo",
    "dpo": {
        "hyperparameters": {
            "beta": 0.2,
            "n_epochs": 6,
            "batch_size": 4,
            "learning_rate_multiplier": 5.0,
        }
    },
}


@pytest.fixture(scope="module")
def preferred(engine: Engine) -> FineTuningJob:
    """A job that has learned preferences."""
    held_out = engine.upload(preference_lines(14)[11:], "held-out.jsonl")
    created = engine.job(preference_lines(11), validation_file=held_out, method=DPO, seed=3)
    finished = engine.finished(created.id)
    assert finished.error is None
    return finished


def test_a_job_of_preferences_is_described_as_one(engine: Engine, preferred: FineTuningJob) -> None:
    assert preferred.status == "succeeded"
    assert preferred.method is not None
    assert preferred.method.type == "dpo"
    assert preferred.method.supervised is None
    assert preferred.method.dpo is not None
    chosen = preferred.method.dpo.hyperparameters
    assert chosen is not None
    assert (chosen.beta, chosen.n_epochs, chosen.batch_size) == (0.2, 6, 4)
    assert chosen.learning_rate_multiplier == 5.0
    assert preferred.hyperparameters.n_epochs == 6
    assert preferred.trained_tokens is not None
    type(preferred).model_validate(preferred.to_dict())


def test_the_preferred_reply_gains(engine: Engine, preferred: FineTuningJob) -> None:
    data = [event.data for event in engine.events(preferred.id) if event.type == "metrics"]
    steps: list[dict[str, Any]] = [values for values in data if isinstance(values, dict)]
    assert [values["step"] for values in steps] == list(range(6 * 3 + 1))
    first, last = steps[0], steps[-1]
    assert first["full_valid_loss"] == pytest.approx(0.6931, abs=1e-3)
    assert last["full_valid_loss"] < 0.5
    assert last["full_valid_mean_token_accuracy"] == 1.0
    assert last["train_loss"] < steps[1]["train_loss"]


def test_a_model_of_preferences_answers(engine: Engine, preferred: FineTuningJob) -> None:
    answer = engine.client.chat.completions.create(
        model=str(preferred.fine_tuned_model),
        messages=[{"role": "user", "content": "what is 3 and 4"}],
        max_tokens=4,
    )
    assert answer.choices[0].message.content is not None


@pytest.mark.parametrize("beta", ["auto", None])
def test_what_is_left_to_the_service(engine: Engine, beta: str | None) -> None:
    method: dict[str, Any] = {"type": "dpo"}
    if beta:
        method["dpo"] = {"hyperparameters": {"beta": beta}}
    created = engine.job(preference_lines(10), method=method)
    chosen = created.to_dict()["method"]["dpo"]["hyperparameters"]  # type: ignore[index]  # JSON
    assert set(chosen.values()) == {"auto"}
    finished = engine.finished(created.id)
    chosen = finished.to_dict()["method"]["dpo"]["hyperparameters"]  # type: ignore[index]  # JSON
    assert chosen == {
        "beta": 0.1,
        "n_epochs": 3,
        "batch_size": 1,
        "learning_rate_multiplier": 1.0,
    }


@pytest.mark.parametrize("method", ["supervised", "dpo"])
def test_the_same_seed_gives_the_same_bytes(engine: Engine, method: str) -> None:
    lines = preference_lines(10) if method == "dpo" else example_lines(10)
    jobs = [
        engine.job(lines, method={"type": method}, seed=seed, hyperparameters={"n_epochs": 1})
        for seed in (5, 5, 6)
    ]
    digests = []
    for job in jobs:
        assert engine.finished(job.id).status == "succeeded"
        digests.append(engine.adapter_digest(job.id))
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    ("lines", "method", "kind", "right"),
    [
        (example_lines(12), "dpo", "fine-tune-chat", "supervised"),
        (preference_lines(12), "supervised", "fine-tune-preference", "dpo"),
    ],
)
@pytest.mark.parametrize("param", ["training_file", "validation_file"])
def test_a_file_of_the_other_method(
    engine: Engine, lines: list[str], method: str, kind: str, right: str, param: str
) -> None:
    wrong = engine.upload(lines)
    sound = engine.upload(preference_lines(12) if method == "dpo" else example_lines(12))
    files: dict[str, Any] = {"training_file": sound, "validation_file": sound, param: wrong}
    options: dict[str, Any] = {"method": {"type": method}}
    job = engine.client.fine_tuning.jobs.create(model=MODEL, **files, **options)
    failed = engine.when(job.id, {"failed"})
    assert failed.error is not None
    assert failed.error.param == param
    assert failed.error.message == (
        f"Input file {wrong} is in the {kind} format, but the specified fine-tuning job is not"
        f" using '{right}' as the training method (provided method={method})."
    )
