"""Looking through conversations as they are stored, line by line: what a helper process does."""

from collections.abc import Sequence
from typing import NamedTuple

from desktop_app.core.examples.advice.groups import named_groups
from desktop_app.core.examples.advice.near_duplicates import compared_text, signatures_of
from desktop_app.core.examples.advice.review import Reviewed, review
from desktop_app.core.examples.chat_jsonl import parse_line


class Seen(NamedTuple):
    """What is remembered of a text: its signature (b"" without words), the groups it names."""

    signature: bytes
    names: tuple[str, ...]


Stored = tuple[int, int, str]
"""Id, revision and line of a conversation."""


def review_lines(stored: Sequence[Stored]) -> list[Reviewed]:
    """Return what `review` finds in each. Raises LineError for what is no conversation."""
    return [review(parse_line(line)) for _, _, line in stored]


def look_at_lines(stored: Sequence[tuple[Stored, str]]) -> list[Seen]:
    """Return what is remembered of each; beside it stands its language, '' if it is not known.

    Raises LineError for what is no conversation.
    """
    conversations = [parse_line(line) for (_, _, line), _ in stored]
    languages = (language for _, language in stored)
    names = map(named_groups, map(compared_text, conversations), languages)
    return [Seen(*each) for each in zip(signatures_of(conversations), names, strict=True)]
