"""What a chat may be asked beside its messages: choices, seeds, scores, what is left unused."""

from typing import Any

import pytest
from openai import APIStatusError, BadRequestError
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionTokenLogprob

from tests.engine.service.engine_child import MODEL, Engine

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "what is 3 and 4"}]


def test_choices_are_numbered_and_the_same_in_a_stream(engine: Engine) -> None:
    asked: dict[str, Any] = {"model": MODEL, "messages": HELLO, "n": 3, "seed": 5, "max_tokens": 9}
    create = engine.client.chat.completions.create
    whole = create(**asked)
    texts = [choice.message.content for choice in whole.choices]
    assert [choice.index for choice in whole.choices] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert whole.usage is not None
    assert whole.usage.completion_tokens <= 27
    chunks = list(create(**asked, stream=True, stream_options={"include_usage": True}))
    streamed = ["", "", ""]
    ends: list[str | None] = [None, None, None]
    for chunk in chunks[:-1]:
        (choice,) = chunk.choices
        assert ends[choice.index] is None
        streamed[choice.index] += choice.delta.content or ""
        ends[choice.index] = choice.finish_reason
    assert streamed == texts
    assert ends == [choice.finish_reason for choice in whole.choices]
    assert chunks[-1].usage == whole.usage
    assert {c.system_fingerprint for c in chunks} == {whole.system_fingerprint}
    assert (whole.system_fingerprint or "").startswith("fp_")


def test_a_seed_gives_the_same_answer_again(engine: Engine) -> None:
    def answer(seed: int) -> tuple[str | None, str | None]:
        reply = engine.client.chat.completions.create(
            model=MODEL, messages=HELLO, seed=seed, max_tokens=12
        )
        return reply.choices[0].message.content, reply.system_fingerprint

    assert answer(11) == answer(11)
    assert answer(11) != answer(12)


def test_scores_of_tokens_whole_and_streamed(engine: Engine) -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": HELLO,
        "seed": 2,
        "max_tokens": 20,
        "logprobs": True,
        "top_logprobs": 5,
    }
    whole = engine.client.chat.completions.create(**asked).choices[0]
    assert whole.logprobs is not None
    assert whole.logprobs.content is not None
    said = b"".join(bytes(token.bytes or []) for token in whole.logprobs.content)
    assert said.decode(errors="replace") == whole.message.content
    for token in whole.logprobs.content:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 5
        assert token.token == bytes(token.bytes or []).decode(errors="replace")
        assert token.logprob <= token.top_logprobs[0].logprob
    streamed: list[ChatCompletionTokenLogprob] = []
    for chunk in engine.client.chat.completions.create(**asked, stream=True):
        if chunk.choices[0].logprobs is not None:
            streamed += chunk.choices[0].logprobs.content or []
    assert streamed == whole.logprobs.content


def test_no_scores_unless_asked_and_no_likeliest_unless_asked(engine: Engine) -> None:
    create = engine.client.chat.completions.create
    plain = create(model=MODEL, messages=HELLO, max_tokens=3)
    assert plain.choices[0].logprobs is None
    scored = create(model=MODEL, messages=HELLO, max_tokens=3, logprobs=True).choices[0].logprobs
    assert scored is not None
    assert scored.content
    assert all(token.top_logprobs == [] for token in scored.content)


def test_a_bias_forces_a_token(engine: Engine) -> None:
    (token,) = engine.post("/tokenize", {"model": MODEL, "messages": HELLO})["tokens"][-1:]
    answer = engine.client.chat.completions.create(
        model=MODEL, messages=HELLO, logit_bias={str(token): 100}, max_tokens=5, logprobs=True
    )
    scored = answer.choices[0].logprobs
    assert scored is not None
    assert len({tuple(one.bytes or []) for one in scored.content or []}) == 1


def test_penalties_make_replies_less_alike(engine: Engine) -> None:
    def different(penalty: float) -> int:
        answer = engine.client.chat.completions.create(
            model=MODEL,
            messages=HELLO,
            temperature=0,
            max_tokens=60,
            frequency_penalty=penalty,
            logprobs=True,
            logit_bias={"0": -100, "2": -100},
        )
        scored = answer.choices[0].logprobs
        assert scored is not None
        return len({tuple(one.bytes or []) for one in scored.content or []})

    assert different(2) > different(-2)


def test_what_is_taken_and_not_used(engine: Engine) -> None:
    answer = engine.client.chat.completions.create(
        model=MODEL,
        messages=HELLO,
        max_tokens=2,
        store=True,
        metadata={"case": "1"},
        user="u",
        safety_identifier="s",
        prompt_cache_key="k",
        service_tier="flex",
        prediction={"type": "content", "content": "x"},
        modalities=["text"],
    )
    assert answer.service_tier == "default"
    with pytest.raises(APIStatusError) as caught:
        engine.client.chat.completions.list()
    assert caught.value.status_code == 501


@pytest.mark.parametrize(
    ("changed", "param", "code"),
    [
        ({"top_k": 3}, "top_k", "unknown_parameter"),
        (
            {"stream": True, "stream_options": {"x": 1}},
            "stream_options.x",
            "unknown_parameter",
        ),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"functions": [{"name": "f"}]}, "functions", "unsupported_parameter"),
        ({"audio": {"voice": "alloy", "format": "mp3"}}, "audio", "unsupported_parameter"),
        ({"web_search_options": {}}, "web_search_options", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", None),
        ({"reasoning_effort": "high"}, "reasoning_effort", "unsupported_parameter"),
        ({"verbosity": "low"}, "verbosity", "unsupported_parameter"),
        ({"n": 0}, "n", None),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", None),
        ({"logit_bias": {"x": 1}}, "logit_bias", None),
        ({"logit_bias": {"999999": 1}}, "logit_bias", None),
        ({"logit_bias": {"5": 101}}, "logit_bias[...]", None),
        ({"frequency_penalty": -2.1}, "frequency_penalty", None),
        ({"metadata": {"k": "v" * 513}}, "metadata[...]", None),
        ({"safety_identifier": "s" * 65}, "safety_identifier", None),
        ({"service_tier": "gold"}, "service_tier", None),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools[0].type", None),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", None),
        ({"tool_choice": "required"}, "tool_choice", None),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", None),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
            "response_format.json_schema.name",
            None,
        ),
    ],
)
def test_what_is_refused(
    engine: Engine, changed: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(model=MODEL, messages=HELLO, extra_body=changed)
    assert caught.value.param == param
    assert caught.value.code == code
    assert isinstance(caught.value.body, dict)
    assert set(caught.value.body) == {"message", "type", "param", "code"}


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED = {"role": "assistant", "tool_calls": [CALL]}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "assistant"}], "messages[0].content"),
        ([{"role": "user"}], "messages[0].content"),
        ([{"role": "user", "content": "x", "name": 5}], "messages[0].name"),
        ([{"role": "function", "content": "x"}], "messages[0].name"),
        ([{"role": "tool", "content": "x"}], "messages[0].tool_call_id"),
        ([{"role": "tool", "content": "x", "tool_call_id": "c1"}], "messages[0].role"),
        ([ASKED], "messages[0]"),
        ([ASKED, {"role": "user", "content": "x"}], "messages[0]"),
        ([{"role": "assistant", "tool_calls": []}], "messages[0].tool_calls"),
        ([{"role": "assistant", "tool_calls": [{}]}], "messages[0].tool_calls[0].type"),
        (
            [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f"}}]}],
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
            "messages[0].content",
        ),
    ],
)
def test_messages_that_are_refused(engine: Engine, messages: Any, param: str) -> None:  # noqa: ANN401  # JSON
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(model=MODEL, messages=messages)
    assert caught.value.param == param


def test_a_conversation_with_tools_is_answered(engine: Engine) -> None:
    messages: Any = [*HELLO, ASKED, {"role": "tool", "tool_call_id": "c1", "content": "7"}]
    answer = engine.client.chat.completions.create(model=MODEL, messages=messages, max_tokens=2)
    assert answer.choices[0].message.role == "assistant"


def test_a_conversation_that_is_too_long_says_by_how_much(engine: Engine) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "long " * 2000}]
        )
    assert caught.value.code == "context_length_exceeded"
    numbers = [int(word) for word in caught.value.message.split() if word.isdigit()]
    assert 512 in numbers
    assert max(numbers) > 2000


def test_things_nested_too_deeply_are_refused(engine: Engine) -> None:
    schema: dict[str, Any] = {}
    for _ in range(400):
        schema = {"type": "object", "properties": {"a": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    with pytest.raises(BadRequestError):
        engine.client.chat.completions.create(
            model=MODEL, messages=HELLO, max_tokens=1, extra_body={"tools": [tool] * 2}
        )
