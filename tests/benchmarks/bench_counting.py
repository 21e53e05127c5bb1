"""Counting the tokens of a set with the program's rules, from the lines of a training file.

Baselines over the same lines: json.loads alone, and tiktoken in a plain loop over json.loads.
"""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import tiktoken

from desktop_app.core.cost.tokens import O200K, TokenCounter
from desktop_app.core.examples.chat_jsonl import line, parse_line
from desktop_app.core.examples.conversation import Conversation, Message

FOLDER = Path(__file__).parents[2] / "resources" / "tokenizers"
N = 10_000
REPEATS = 3
WORDS = (
    "where",
    "is",
    "my",
    "parcel",
    "we",
    "sent",
    "it",
    "on",
    "Monday",
    "and",
    "carrier",
    "late",
)


def make_lines() -> list[str]:
    """Make training lines of about 500 bytes, no two alike but for the instructions."""
    draw = random.Random(0)
    system = Message("system", "You answer for a shop. Be warm, brief and exact. " * 3)

    def words(n: int) -> str:
        return " ".join(draw.choices(WORDS, k=n))

    return [
        line(
            Conversation(
                (system, Message("user", words(20)), Message("assistant", f"{n}: {words(40)}"))
            )
        )
        for n in range(N)
    ]


def best(work: Callable[[], object]) -> float:
    """Return the shortest of some runs in seconds."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Print the times and their ratios."""
    lines = make_lines()
    counter = TokenCounter(FOLDER)
    loading = time.perf_counter()
    counter.count_text("", O200K)
    loading = time.perf_counter() - loading
    # The encoding that the program has built already; tiktoken alone would go to the network.
    encoding: tiktoken.Encoding = counter._encoding(O200K)

    def plain_loop() -> int:
        return sum(
            3 + sum(3 + sum(len(encoding.encode_ordinary(v)) for v in m.values()) for m in messages)
            for messages in (json.loads(text)["messages"] for text in lines)
        )

    def ours() -> int:
        return sum(counter.count(parse_line(text), O200K) for text in lines)

    tokens = ours()
    assert tokens == plain_loop()
    parsing, loop, counting = (
        best(lambda: list(map(json.loads, lines))),
        best(plain_loop),
        best(ours),
    )
    print(f"{N:,} conversations, {tokens:,} tokens; the encoding loads in {loading:.2f} s")
    print(f"  json.loads alone      {parsing:.3f} s")
    print(f"  json.loads, tiktoken  {loop:.3f} s, {tokens / loop / 1e6:.1f} M tokens/s")
    print(f"  parse_line, count     {counting:.3f} s, {tokens / counting / 1e6:.1f} M tokens/s")
    print(f"  {loop / counting:.2f} x the plain loop, {counting / parsing:.1f} x json.loads alone")


if __name__ == "__main__":
    main()
