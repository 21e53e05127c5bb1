"""What is learned: the sample, and conversations of many lengths made of its sentences."""

import json
import random
from pathlib import Path

Chat = list[dict[str, str]]
SAMPLE = Path(__file__).parents[3] / "resources" / "samples" / "harbour.jsonl"
HELD_OUT_OF = 9
"""Every ninth conversation of the sample is held out."""
MIXED, MIXED_HELD_OUT = 2000, 24
MOST_TURNS = 12


def sample() -> tuple[list[Chat], list[Chat]]:
    """Return the sample's conversations to learn from, and those held out."""
    rows = [json.loads(line)["messages"] for line in SAMPLE.read_text("utf-8").splitlines()]
    whole = [chat for chat in rows if all(message["content"] for message in chat)]
    held = whole[::HELD_OUT_OF]
    return [chat for chat in whole if chat not in held], held


def mixed() -> tuple[list[Chat], list[Chat]]:
    """Return conversations of 1 to 12 turns, some 70 to 1,000 tokens, always the same ones."""
    draw = random.Random(7)
    source = sample()[0]
    told = [message for chat in source for message in chat]
    asked = [message["content"] for message in told if message["role"] == "user"]
    answered = [message["content"] for message in told if message["role"] == "assistant"]

    def chat() -> Chat:
        made = [source[0][0]]
        for _ in range(min(1 + int(draw.lognormvariate(0.9, 0.8)), MOST_TURNS)):
            question = " ".join(draw.choices(asked, k=draw.randint(1, 2)))
            made.append({"role": "user", "content": question})
            made.append({"role": "assistant", "content": draw.choice(answered)})
        return made

    made = [chat() for _ in range(MIXED + MIXED_HELD_OUT)]
    return made[:MIXED], made[MIXED:]
