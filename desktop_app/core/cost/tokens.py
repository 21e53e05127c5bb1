"""How many tokens a conversation has, in the encodings of OpenAI's chat models.

The counting rule is OpenAI's own (openai-cookbook, How_to_count_tokens_with_tiktoken, c81359c).
Training seems to be billed without the 3 tokens that the rule adds to each conversation, so a
count is an estimate, a little on the high side.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import tiktoken

from desktop_app.core.examples.conversation import SYSTEM, ContentPart, Conversation, Message

CL100K, O200K = "cl100k_base", "o200k_base"

PER_MESSAGE, PER_NAME, PER_CONVERSATION, PER_TOOLS = 3, 1, 3, 12
IMAGE_LOW, IMAGE_HIGH = 85, 765
"""gpt-4o's price of an image: low detail; high detail, taken to be 1024 by 1024 pixels."""

# Of tiktoken 0.14 (MIT), tiktoken_ext/openai_public.py, with the hashes of the rank files.
_PATTERNS = {
    CL100K: r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    O200K: r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
_SHA256 = {
    CL100K: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    O200K: "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}


class TokenizerError(Exception):
    """A tokenizer file is missing or not the one that it should be."""


class TokenCounter:
    """Counts tokens; loads an encoding when it is first asked for, in a tenth of a second or two.

    May be used from several threads.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder with the files `cl100k_base.tiktoken` and `o200k_base.tiktoken`."""
        self._folder = folder
        self._encodings: dict[str, tiktoken.Encoding] = {}
        self._lock = Lock()
        # Most sets repeat their system instructions and tools word for word.
        self._count_repeated = lru_cache(maxsize=64)(self.count_text)
        self._count_repeated_tools = lru_cache(maxsize=64)(self._count_tools)

    def count_text(self, text: str, encoding: str) -> int:
        """Return the tokens of a text; the names of special tokens count as text."""
        return len(self._encoding(encoding).encode_ordinary(text))

    def count_message(self, message: Message, encoding: str) -> int:
        """Return the tokens of a message with what marks its ends."""
        count = self._count_repeated if message.role == SYSTEM else self.count_text
        tokens = PER_MESSAGE + self._count_repeated(message.role, encoding)
        if isinstance(message.content, str):
            tokens += count(message.content, encoding)
        else:
            tokens += sum(self._count_part(part, encoding) for part in message.content or ())
        if message.name is not None:
            tokens += PER_NAME + self.count_text(message.name, encoding)
        for text in (message.tool_call_id, message.refusal):
            tokens += self.count_text(text, encoding) if text else 0
        for call in message.tool_calls:
            tokens += PER_MESSAGE + self.count_text(call.function.name, encoding)
            tokens += self.count_text(call.function.arguments, encoding)
        return tokens

    def count(self, conversation: Conversation, encoding: str) -> int:
        """Return the tokens of a conversation with its tools.

        Of a preference example both replies count. We found no service that says what it bills
        for one; this is our reading, as training has to run the model over either reply.
        """
        tokens = sum(self.count_message(message, encoding) for message in conversation.all_messages)
        if conversation.tools:
            tokens += self._count_repeated_tools(conversation.tools, encoding)
        return tokens + PER_CONVERSATION

    def _count_part(self, part: ContentPart, encoding: str) -> int:
        if part.image_url is not None:
            return IMAGE_LOW if part.image_url.detail == "low" else IMAGE_HIGH
        return self.count_text(part.text or "", encoding)

    def _count_tools(self, tools: str, encoding: str) -> int:
        try:
            functions = msgspec.json.decode(tools, type=list[dict[str, Any]])
        except msgspec.MsgspecError:
            # A list that is still being written.
            return self.count_text(tools, encoding)
        counts = [self._count_tool(_mapping(f.get("function")), encoding) for f in functions]
        return sum(counts) + PER_TOOLS if counts else 0

    def _count_tool(self, function: dict[str, Any], encoding: str) -> int:
        """Count a function as `num_tokens_for_tools` of the cookbook does."""
        tokens = 7 if encoding == O200K else 10
        tokens += self.count_text(
            f"{function.get('name', '')}:{_undotted(function.get('description'))}", encoding
        )
        properties = _mapping(_mapping(function.get("parameters")).get("properties"))
        tokens += 3 if properties else 0
        for name, described in properties.items():
            about = _mapping(described)
            text = f"{name}:{about.get('type', '')}:{_undotted(about.get('description'))}"
            tokens += 3 + self.count_text(text, encoding)
            if isinstance(about.get("enum"), list):
                tokens -= 3
                tokens += sum(3 + self.count_text(str(v), encoding) for v in about["enum"])
        return tokens

    def _encoding(self, name: str) -> tiktoken.Encoding:
        with self._lock:
            if name not in self._encodings:
                self._encodings[name] = _load(self._folder, name)
            return self._encodings[name]


def _load(folder: Path, name: str) -> tiktoken.Encoding:
    """Build an encoding from its rank file: a base64 token and its rank on each line."""
    if name not in _PATTERNS:
        raise TokenizerError(f"unknown encoding {name}")
    try:
        data = (folder / f"{name}.tiktoken").read_bytes()
    except OSError as error:
        raise TokenizerError(f"{name}.tiktoken cannot be read") from error
    if hashlib.sha256(data).hexdigest() != _SHA256[name]:
        raise TokenizerError(f"{name}.tiktoken is damaged")
    pairs = (line.split() for line in data.splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    return tiktoken.Encoding(
        name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={}
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _undotted(text: object) -> str:
    return text.removesuffix(".") if isinstance(text, str) else ""
