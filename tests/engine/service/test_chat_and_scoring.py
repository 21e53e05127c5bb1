"""Talking to models: streams, usage, stop, limits, scores."""

import pytest
from openai import BadRequestError
from openai.types.chat import ChatCompletionMessageParam
from openai.types.fine_tuning import FineTuningJob

from tests.engine.service.engine_child import MODEL, Engine, example_lines

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "what is 3 and 4"}]
REPLY: ChatCompletionMessageParam = {"role": "assistant", "content": "the answer is 3"}


@pytest.fixture(scope="module")
def tuned(engine: Engine) -> str:
    """A model that has learned the examples by heart."""
    job: FineTuningJob = engine.job(
        example_lines(16),
        seed=1,
        hyperparameters={"n_epochs": 10, "batch_size": 2, "learning_rate_multiplier": 10.0},
    )
    model = engine.finished(job.id).fine_tuned_model
    assert model is not None
    return model


def score(engine: Engine, model: str) -> float:
    """Return the mean log-probability of the wanted reply, as the program asks for it."""
    context = engine.post(
        "/tokenize", {"model": model, "messages": HELLO, "add_generation_prompt": True}
    )
    whole = engine.post(
        "/tokenize", {"model": model, "messages": [*HELLO, REPLY], "add_generation_prompt": False}
    )
    assert whole["tokens"][: context["count"]] == context["tokens"]
    assert whole["count"] == len(whole["tokens"]) < whole["max_model_len"]
    answer = engine.client.completions.create(
        model=model, prompt=whole["tokens"], echo=True, logprobs=0, max_tokens=0
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.token_logprobs is not None
    assert logprobs.tokens is not None
    assert logprobs.text_offset is not None
    assert len(logprobs.token_logprobs) == len(logprobs.tokens) == whole["count"]
    assert logprobs.token_logprobs[0] is None
    assert logprobs.text_offset[1] == len(logprobs.tokens[0])
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 0
    reply = logprobs.token_logprobs[context["count"] :]
    assert all(value <= 0 for value in reply)
    return sum(reply) / len(reply)


def test_a_tuned_model_expects_the_wanted_reply_more(engine: Engine, tuned: str) -> None:
    base = score(engine, MODEL)
    assert score(engine, tuned) > base + 0.5
    assert score(engine, MODEL) == base


def test_a_reply_at_once(engine: Engine, tuned: str) -> None:
    answer = engine.client.chat.completions.create(
        model=tuned, messages=HELLO, temperature=0, max_tokens=8
    )
    choice = answer.choices[0]
    assert answer.model == tuned
    assert choice.message.role == "assistant"
    assert choice.finish_reason in {"stop", "length"}
    assert answer.usage is not None
    assert 1 <= answer.usage.completion_tokens <= 8
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_gives_the_same_reply(engine: Engine, tuned: str) -> None:
    at_once = engine.client.chat.completions.create(
        model=tuned, messages=HELLO, temperature=0.8, seed=4, max_completion_tokens=12
    )
    stream = engine.client.chat.completions.create(
        model=tuned,
        messages=HELLO,
        temperature=0.8,
        seed=4,
        max_completion_tokens=12,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == at_once.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == at_once.choices[0].finish_reason
    assert chunks[-1].choices == []
    assert chunks[-1].usage == at_once.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_ends_with_done(engine: Engine) -> None:
    body = {"model": MODEL, "messages": HELLO, "stream": True, "max_tokens": 2}
    with engine.client.chat.completions.with_streaming_response.create(**body) as response:  # type: ignore[call-overload]  # a plain dict
        lines = [line for line in response.iter_lines() if line]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert all(line.startswith("data: {") for line in lines[:-1])
    assert lines[-1] == "data: [DONE]"


def test_a_stop_text_ends_the_reply(engine: Engine) -> None:
    def reply(stop: list[str]) -> str:
        answer = engine.client.chat.completions.create(
            model=MODEL, messages=HELLO, temperature=0, max_tokens=40, stop=stop
        )
        return answer.choices[0].message.content or ""

    whole = reply([])
    assert len(whole) > 4
    middle = whole[len(whole) // 2 :][:2]
    assert reply([middle]) == whole[: whole.index(middle)]


def test_a_plain_completion(engine: Engine) -> None:
    answer = engine.client.completions.create(
        model=MODEL, prompt="the answer", max_tokens=5, temperature=0, echo=True
    )
    assert answer.choices[0].text.startswith("the answer")
    assert answer.usage is not None
    assert 1 <= answer.usage.completion_tokens <= 5


def test_what_cannot_be_completed(engine: Engine) -> None:
    create = engine.client.completions.create
    with pytest.raises(BadRequestError, match="does not know"):
        create(model=MODEL, prompt=[1, 999_999], max_tokens=1)
    with pytest.raises(BadRequestError, match="maximum context length"):
        create(model=MODEL, prompt=[5] * 600, max_tokens=1)
    with pytest.raises(BadRequestError, match="empty"):
        create(model=MODEL, prompt="", max_tokens=1)


def test_the_instructions_of_a_developer_are_the_systems(engine: Engine) -> None:
    def count(role: str) -> int:
        messages = [{"role": role, "content": [{"type": "text", "text": "Be brief."}]}, *HELLO]
        return int(engine.post("/tokenize", {"model": MODEL, "messages": messages})["count"])

    assert count("developer") == count("system")
