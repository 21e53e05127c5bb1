"""How likely a model finds a wanted reply."""

from collections.abc import Sequence
from functools import partial

import msgspec
import openai

from desktop_app.core.examples.conversation import Message
from desktop_app.provider.chat import wire_messages
from desktop_app.provider.conversion import fields
from desktop_app.provider.provider import ErrorKind, ProviderError, ReplyScore


async def score_reply(
    client: openai.AsyncOpenAI,
    model: str,
    context: Sequence[Message],
    reply: Message,
    tools: str = "",
) -> ReplyScore:
    """Score a reply token by token, end of turn included.

    `tools` is the JSON text of the conversation's list of tools, "" for none: a model reads it
    before the messages, as it did in training. Needs a service with vLLM's `/tokenize` and
    completions that echo the prompt with its log-probabilities. The reply's tokens are those that
    come after the context's own. Raises ProviderError, and what the SDK raises.
    """
    ask = partial(_tokenize, client, model, _listed(tools))
    before = await ask(context, add_generation_prompt=True)
    whole = await ask([*context, reply], add_generation_prompt=False)
    start = next((i for i, (a, b) in enumerate(zip(before, whole, strict=False)) if a != b), None)
    start = min(len(before), len(whole)) if start is None else start
    answer = await client.completions.create(
        model=model, prompt=whole, echo=True, logprobs=0, max_tokens=0
    )
    logprobs = answer.choices[0].logprobs
    if logprobs is None or len(logprobs.token_logprobs or ()) != len(whole):
        raise ProviderError(ErrorKind.SERVICE_FAULT, "the log-probabilities do not fit the prompt")
    values, texts = list(logprobs.token_logprobs or ()), list(logprobs.tokens or ())
    # Templates end a turn with a line break that nobody has to predict.
    while len(texts) == len(values) > start and not texts[-1].strip():
        values.pop()
        texts.pop()
    return ReplyScore(tuple(value for value in values[start:] if value is not None))


def _listed(tools: str) -> object:
    try:
        return msgspec.json.decode(tools) if tools else None
    except msgspec.DecodeError:
        raise ProviderError(ErrorKind.REFUSED, "the list of tools is no JSON") from None


async def _tokenize(
    client: openai.AsyncOpenAI,
    model: str,
    tools: object,
    messages: Sequence[Message],
    *,
    add_generation_prompt: bool,
) -> list[int]:
    answer = await client.post(
        str(client.base_url.join("/tokenize")),
        cast_to=object,
        body={
            "model": model,
            "messages": wire_messages(messages),
            "add_generation_prompt": add_generation_prompt,
            **({"tools": tools} if tools else {}),
        },
    )
    tokens = fields(answer).get("tokens")
    if not isinstance(tokens, list):
        raise ProviderError(ErrorKind.SERVICE_FAULT, "no tokens in the answer")
    return tokens
