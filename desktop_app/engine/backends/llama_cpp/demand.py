"""What the runtime can do exactly as the default back end does, and how it is asked."""

from desktop_app.engine.backends.backend import Sampling, TokenIds

_SEEDS = 2**32 - 1
"""So many there are: the number itself stands for a seed drawn by chance."""


def is_plain(sampling: Sampling) -> bool:
    """Whether a reply is chosen by temperature and top_p alone, and its tokens are not scored."""
    return (
        sampling.choices == 1
        and sampling.max_tokens > 0
        and sampling.top_logprobs is None
        and sampling.grammar is None
        and not sampling.logit_bias
        and not sampling.presence_penalty
        and not sampling.frequency_penalty
    )


def is_repeatable(sampling: Sampling) -> bool:
    """Whether the same reply is promised at another time."""
    return sampling.seed is not None and sampling.temperature > 0


def request_body(
    prompt: TokenIds, sampling: Sampling, adapters: int, applied: int | None
) -> dict[str, object]:
    """Return the body for llama.cpp (tools/server/README.md, `POST /completion`).

    Temperature comes before top_p, as in the default back end. Stop strings are left to the
    reader. `applied` is the number of the adapter that counts, of so many that are loaded.
    """
    body: dict[str, object] = {
        "prompt": prompt.tolist(),
        "n_predict": sampling.max_tokens,
        "temperature": max(sampling.temperature, 0.0),
        "top_p": sampling.top_p,
        "samplers": ["temperature", "top_p"] if sampling.top_p < 1 else ["temperature"],
        "lora": [{"id": n, "scale": float(n == applied)} for n in range(adapters)],
        "cache_prompt": not is_repeatable(sampling),
        "stream": True,
        "return_tokens": True,
        "return_progress": True,
        # Without it there are no numbers of tokens.
        "verbose": True,
    }
    if sampling.seed is not None:
        body["seed"] = sampling.seed % _SEEDS
    return body
