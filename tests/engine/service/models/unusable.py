"""How a model is shown that is here and cannot be run."""

import re

import pytest
from openai import APIStatusError, BadRequestError, InternalServerError, NotFoundError

from tests.engine.service.engine_child import Engine, example_lines
from tests.engine.service.hub_calls import begin, until
from tests.engine.service.own_api import Caller


def fetched(caller: Caller, hub: str) -> str:
    """Fetch a model and return its name here."""
    status, body = begin(caller, hub)
    assert status == 202, body
    entry = until(caller, lambda entry: entry["state"] in {"ready", "failed"}, hub)
    assert (entry["state"], entry["error"]) == ("ready", None)
    return str(entry["id"])


def assert_unusable(engine: Engine, caller: Caller, hub: str, name: str, words: str) -> None:
    """Check that everywhere it is said that, and why, a model cannot be run."""
    (base,) = [b for b in caller.ask("GET", "bases")[1]["bases"] if b["id"] == name]
    for told in (caller.ask("GET", f"hub?name={hub}")[1], base):
        assert (told["fits_training"], told["fits_answering"]) == (False, False)
        assert re.search(words, told["why"]), told["why"]
    assert name not in [model.id for model in engine.client.models.list()]
    with pytest.raises(NotFoundError):
        engine.client.models.retrieve(name)
    error = refused_job(engine, name)
    assert error.code == "model_file_damaged"
    assert f"Model {name} is not available for fine-tuning: {base['why']}" in error.message
    with pytest.raises(InternalServerError) as raised:
        engine.client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": "x"}], max_tokens=1
        )
    assert "The model cannot be used: " in raised.value.message


def refused_job(engine: Engine, model: str) -> APIStatusError:
    """Ask for a job on a model that cannot be trained; no job is made of it."""
    jobs = engine.client.fine_tuning.jobs
    file = engine.upload(example_lines(10))
    before = [job.id for job in jobs.list()]
    with pytest.raises(BadRequestError) as raised:
        jobs.create(model=model, training_file=file)
    assert [job.id for job in jobs.list()] == before
    return raised.value
