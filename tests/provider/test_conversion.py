import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.jobs.job import Hyperparameters, Job, JobError, Metrics
from desktop_app.provider.conversion import checkpoint_of, event_of, job_of, metrics_of, model_of
from desktop_app.provider.provider import ErrorKind, ProviderError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
JOB_FIELDS = (*Job.__struct_fields__, "method", "data", "metrics", "step_number", "level", "type")


@given(st.dictionaries(st.sampled_from(JOB_FIELDS), json_values))
def test_no_answer_of_any_shape_breaks_the_conversion(answer: dict[str, Any]) -> None:
    answer["id"] = "x"
    msgspec.json.encode(job_of(answer))
    assert job_of(answer).id == event_of(answer).id == checkpoint_of(answer).id == "x"
    assert model_of(answer).id == "x"


@pytest.mark.parametrize("answer", [None, "<html>", 7, [], {}, {"id": None}, {"id": 7}])
def test_an_answer_without_an_id_is_a_fault_of_the_service(answer: object) -> None:
    for convert in (job_of, event_of, checkpoint_of, model_of):
        with pytest.raises(ProviderError) as caught:
            convert(answer)
        assert caught.value.kind is ErrorKind.SERVICE_FAULT


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"hyperparameters": {"n_epochs": "auto", "batch_size": "auto"}}, Hyperparameters()),
        ({"hyperparameters": {"n_epochs": 3, "batch_size": None}}, Hyperparameters(3)),
        ({"hyperparameters": None}, Hyperparameters()),
        ({"hyperparameters": {"n_epochs": True}}, Hyperparameters()),
        (
            {"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}},
            Hyperparameters(2),
        ),
        (
            {
                "hyperparameters": {"n_epochs": 4, "learning_rate_multiplier": 2e-5},
                "method": {"type": "supervised", "supervised": {"hyperparameters": {}}},
            },
            Hyperparameters(4, None, 2e-5),
        ),
        (
            {
                "hyperparameters": {"n_epochs": 4},
                "method": {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": "auto"}}},
            },
            Hyperparameters(4),
        ),
        (
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.25}}}},
            Hyperparameters(beta=0.25),
        ),
        ({"method": {"type": "new"}, "hyperparameters": "auto"}, Hyperparameters()),
    ],
)
def test_hyperparameters_old_and_new(sent: dict[str, Any], expected: Hyperparameters) -> None:
    assert job_of({"id": "x", **sent}).hyperparameters == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, None),
        ({}, None),
        ({"code": None, "message": None, "param": None}, None),
        ({"code": "invalid_n_examples", "message": "7"}, JobError("invalid_n_examples", "7")),
        ({"message": "internal"}, JobError(None, "internal")),
        ("text", None),
    ],
)
def test_only_an_error_is_an_error(sent: object, expected: JobError | None) -> None:
    assert job_of({"id": "x", "error": sent}).error == expected


@pytest.mark.parametrize("status", ["paused", "pending", "notRunning", "something new", ""])
def test_a_status_is_kept_as_it_came(status: str) -> None:
    found = job_of({"id": "x", "status": status})
    assert found.status == status
    assert not found.is_finished


def test_what_was_not_measured_is_none() -> None:
    sent = {"train_loss": 0, "valid_loss": -1, "full_valid_loss": math.nan, "step": 2.0}
    assert metrics_of(sent) == Metrics(step=2, train_loss=0.0)
    assert event_of({"id": "x", "data": {"other": 1}}).metrics is None
