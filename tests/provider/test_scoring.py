import json

import pytest

from desktop_app.core.examples.conversation import Message
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import Capabilities, ErrorKind, ProviderError, ReplyScore
from desktop_app.provider.scoring import score_reply
from tests.provider.conftest import KEY, Ask
from tests.provider.scripted_service import Answer, ScriptedService, error

CONTEXT = [Message("user", "Hi")]
REPLY = Message("assistant", "Hello there")
BEFORE = Answer({"count": 3, "max_model_len": 99, "tokens": [1, 2, 3]})
WHOLE = Answer({"count": 7, "max_model_len": 99, "tokens": [1, 2, 3, 4, 5, 6, 7]})
TOKENS = ["<s>", "Hi", "\n", "Hello", " there", "<|im_end|>", "\n"]
LOGPROBS = [None, -1.0, -2.0, -0.5, -0.25, -0.125, -9.0]


def completion(tokens: list[str], logprobs: list[float | None]) -> Answer:
    found = {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": None}
    return Answer({"choices": [{"index": 0, "text": "", "logprobs": found}]})


def test_the_tokens_of_the_reply_are_scored_and_no_others(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[ReplyScore]
) -> None:
    service.on("POST /tokenize", BEFORE, WHOLE)
    service.on("POST /v1/completions", completion(TOKENS, LOGPROBS))
    score = ask(provider.score("m", CONTEXT, REPLY))
    # The line break after the end of the turn is the template's.
    assert score == ReplyScore((-0.5, -0.25, -0.125))
    first, second, last = (request.json for request in service.requests)
    assert (first["add_generation_prompt"], len(first["messages"])) == (True, 1)
    assert (second["add_generation_prompt"], len(second["messages"])) == (False, 2)
    assert last == {
        "model": "m",
        "prompt": [1, 2, 3, 4, 5, 6, 7],
        "echo": True,
        "logprobs": 0,
        "max_tokens": 0,
    }


def test_the_tools_of_a_conversation_are_read_before_it(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[ReplyScore]
) -> None:
    service.on("POST /tokenize", BEFORE, WHOLE)
    service.on("POST /v1/completions", completion(TOKENS, LOGPROBS))
    tools = [{"type": "function", "function": {"name": "track_parcel"}}]
    ask(score_reply(provider.client, "m", CONTEXT, REPLY, json.dumps(tools)))
    first, second, _ = (request.json for request in service.requests)
    assert first["tools"] == second["tools"] == tools


def test_tools_that_are_none_are_told_before_anything_is_sent(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[ReplyScore]
) -> None:
    with pytest.raises(ProviderError, match="no JSON"):
        ask(score_reply(provider.client, "m", CONTEXT, REPLY, "[{"))
    assert service.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (completion(TOKENS[:3], LOGPROBS[:3]), ErrorKind.SERVICE_FAULT),
        (Answer({"choices": [{"text": "", "logprobs": None}]}), ErrorKind.SERVICE_FAULT),
        (Answer({"choices": []}), ErrorKind.SERVICE_FAULT),
        (error(400, "too long", "context_length_exceeded"), ErrorKind.REFUSED),
    ],
)
def test_what_does_not_fit_is_no_score(
    service: ScriptedService,
    provider: OpenAIProvider,
    ask: Ask[ReplyScore],
    answer: Answer,
    kind: ErrorKind,
) -> None:
    service.on("POST /tokenize", BEFORE, WHOLE)
    service.on("POST /v1/completions", answer)
    with pytest.raises(ProviderError) as caught:
        ask(provider.score("m", CONTEXT, REPLY))
    assert caught.value.kind is kind


def test_a_service_without_scores_is_not_asked(
    service: ScriptedService, ask: Ask[ReplyScore]
) -> None:
    provider = OpenAIProvider(service.base_url, KEY, Capabilities())
    with pytest.raises(ProviderError) as caught:
        ask(provider.score("m", CONTEXT, REPLY))
    assert caught.value.kind is ErrorKind.NOT_OFFERED
    assert service.requests == []
