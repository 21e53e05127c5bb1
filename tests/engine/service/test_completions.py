"""The older form: plain texts, lists of them, tokens, echo, scores, the best of several."""

import math
from typing import Any

import pytest
from openai import BadRequestError

from tests.engine.service.engine_child import MODEL, Engine


def tokens_of(engine: Engine, text: str) -> list[int]:
    """Return a text as tokens."""
    messages = [{"role": "user", "content": text}]
    found: list[int] = engine.post("/tokenize", {"model": MODEL, "messages": messages})["tokens"]
    return found


def test_every_kind_of_prompt(engine: Engine) -> None:
    create = engine.client.completions.create

    def texts(prompt: Any, n: int = 1) -> list[str]:  # noqa: ANN401  # four kinds
        answer = create(model=MODEL, prompt=prompt, max_tokens=4, seed=3, n=n)
        assert [choice.index for choice in answer.choices] == list(range(len(answer.choices)))
        return [choice.text for choice in answer.choices]

    one, two = texts("the answer"), texts("the other")
    assert texts(["the answer", "the other"]) == one + two
    assert len(texts(["the answer", "the other"], n=2)) == 4
    tokens = tokens_of(engine, "x")
    assert texts(tokens) == texts([tokens])
    assert texts([tokens, tokens]) == texts(tokens) * 2


def test_a_stream_is_the_whole_answer_in_parts(engine: Engine) -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "prompt": ["the answer", "is é"],
        "max_tokens": 8,
        "seed": 3,
        "n": 2,
        "echo": True,
        "logprobs": 2,
    }
    whole = engine.client.completions.create(**asked)
    texts = [""] * 4
    tokens: list[list[str]] = [[] for _ in texts]
    offsets: list[list[int]] = [[] for _ in texts]
    ends: list[str | None] = [None] * 4
    usage = None
    chunks = engine.client.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    )
    for chunk in chunks:
        usage = chunk.usage
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            ends[choice.index] = choice.finish_reason
            assert choice.logprobs is not None
            tokens[choice.index] += choice.logprobs.tokens or []
            offsets[choice.index] += choice.logprobs.text_offset or []
    assert texts == [choice.text for choice in whole.choices]
    assert ends == [choice.finish_reason for choice in whole.choices]
    assert usage == whole.usage
    for choice in whole.choices:
        assert choice.logprobs is not None
        assert tokens[choice.index] == choice.logprobs.tokens
        assert offsets[choice.index] == choice.logprobs.text_offset


def test_scores_of_what_is_written_and_of_what_was_given(engine: Engine) -> None:
    answer = engine.client.completions.create(
        model=MODEL, prompt="the answer is", max_tokens=6, seed=1, logprobs=3, echo=True
    )
    choice = answer.choices[0]
    scored = choice.logprobs
    assert scored is not None
    assert scored.tokens is not None
    assert scored.token_logprobs is not None
    assert scored.top_logprobs is not None
    assert scored.text_offset is not None
    assert choice.text.startswith("the answer is")
    assert scored.token_logprobs[0] is None
    assert scored.top_logprobs[0] is None
    for token, value, likeliest in zip(
        scored.tokens[1:], scored.token_logprobs[1:], scored.top_logprobs[1:], strict=True
    ):
        assert math.isclose(likeliest[token], value, abs_tol=1e-4)
        assert 3 <= len(likeliest) <= 4
    assert scored.text_offset == sorted(scored.text_offset)


def test_bytes_that_are_no_text_are_written_as_bytes(engine: Engine) -> None:
    answer = engine.client.completions.create(
        model=MODEL, prompt="é", max_tokens=0, logprobs=0, echo=True
    )
    scored = answer.choices[0].logprobs
    assert scored is not None
    assert scored.tokens == ["bytes:\\xc3", "bytes:\\xa9"]
    assert scored.text_offset == [0, 0]
    assert scored.top_logprobs is None


def test_the_best_of_several_is_the_likeliest(engine: Engine) -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "prompt": "the answer",
        "max_tokens": 6,
        "seed": 9,
        "logprobs": 0,
    }
    create = engine.client.completions.create

    def mean(choice: Any) -> float:  # noqa: ANN401  # a choice of the SDK
        values = choice.logprobs.token_logprobs
        return float(sum(values) / len(values))

    every = create(**asked, n=5).choices
    best = create(**asked, n=2, best_of=5)
    expected = sorted(every, key=mean, reverse=True)[:2]
    assert [choice.text for choice in best.choices] == [choice.text for choice in expected]
    assert best.usage is not None
    assert best.usage.completion_tokens == sum(len(c.logprobs.tokens) for c in every)


def test_a_stop_text_ends_it(engine: Engine) -> None:
    create = engine.client.completions.create
    whole = create(model=MODEL, prompt="the", max_tokens=30, temperature=0).choices[0].text
    stop = whole[5:8]
    stopped = create(model=MODEL, prompt="the", max_tokens=30, temperature=0, stop=stop).choices[0]
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.finish_reason == "stop"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"suffix": "after"}, "suffix"),
        ({"best_of": 2, "n": 3}, "best_of"),
        ({"best_of": 3, "stream": True}, "best_of"),
        ({"best_of": 21}, "best_of"),
        ({"logprobs": 6}, "logprobs"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["x", 5]}, "prompt"),
        ({"prompt": [["x"]]}, "prompt[0][0]"),
        ({"prompt": [[]]}, "prompt"),
        ({"prompt": ["x"] * 129}, "prompt"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"messages": []}, "messages"),
    ],
)
def test_what_is_refused(engine: Engine, changed: dict[str, Any], param: str) -> None:
    body = {"model": MODEL, "prompt": "x"} | changed
    with pytest.raises(BadRequestError) as caught:
        engine.client.post("/completions", cast_to=object, body=body)
    assert caught.value.param == param
