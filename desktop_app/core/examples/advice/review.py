"""Looking one conversation through for all advice that needs no other conversation."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from desktop_app.core.examples.advice.groups import named_groups
from desktop_app.core.examples.advice.language import (
    DENSE,
    are_different,
    language_of,
)
from desktop_app.core.examples.advice.language_wanted import asks_for_another_language
from desktop_app.core.examples.advice.mask import argument_texts, may_be_private, private_parts
from desktop_app.core.examples.advice.near_duplicates import compared_text
from desktop_app.core.examples.advice.parts import (
    Parts,
    digest_of,
    digest_of_instructions,
    last_words,
    parts_of,
    question_digest,
)
from desktop_app.core.examples.advice.refusals import is_refusal
from desktop_app.core.examples.advice.wording import has_edge_space, is_broken, is_short
from desktop_app.core.examples.checks import ADVICE, Finding, check_conversation
from desktop_app.core.examples.conversation import SYSTEM, Conversation, Message
from desktop_app.core.examples.rules import EVERYWHERE

LEAST_TO_COMPARE = 24
LEAST_DENSE = 8
"""Shorter texts are too often taken for another language to say that two differ."""

SAME_WORDS = 2
WORDS_WITHIN = 300
"""So many words in common, within so many characters: then it is one language, and nothing need
be told apart, which would take a third of the time.
"""


class Reviewed(NamedTuple):
    """What was found in one conversation: codes of advice, its language, and digests (0: none).

    `names` are the groups of people that it names.
    """

    codes: tuple[str, ...]
    language: str
    question: int
    reply: int
    instructions: int
    names: tuple[str, ...] = ()


def review(conversation: Conversation) -> Reviewed:
    """Look one conversation through; less than a ten millionth of a second a character."""
    parts = parts_of(conversation)
    said = _said(conversation)
    language, findings = _looked_through(conversation, parts, said)
    plain = (f.code for f in check_conversation(conversation, EVERYWHERE) if f.severity == ADVICE)
    codes = dict.fromkeys((*plain, *(finding.code for finding in findings)))
    return Reviewed(
        tuple(codes),
        language,
        question_digest(parts),
        digest_of(parts.reply),
        digest_of_instructions(parts.instructions),
        named_groups(compared_text(conversation), language),
    )


def advise(conversation: Conversation) -> list[Finding]:
    """Return the advice with its places, beside what `check_conversation` finds."""
    return _looked_through(conversation, parts_of(conversation), _said(conversation))[1]


def _said(conversation: Conversation) -> str:
    """Return all that is said, but for instructions."""
    return "\n".join([m.text for m in conversation.all_messages if m.role != SYSTEM])


def _looked_through(
    conversation: Conversation, parts: Parts, said: str
) -> tuple[str, list[Finding]]:
    findings: list[Finding] = []
    # In one look at all that is said: where nothing is there, as in most, nobody asks where.
    look_closer = may_be_private(said) or is_broken(said)
    for index, message in enumerate(conversation.all_messages):
        if look_closer or message.role == SYSTEM or message.tool_calls:
            findings.extend(_in_message(message, index))
        elif has_edge_space(message.text):
            findings.append(Finding("edge_space", ADVICE, index))
    asked = last_words(parts.question)
    language = _language(parts.reply, asked)
    if parts.reply_index is not None:
        if is_refusal(parts.reply):
            findings.append(Finding("refusal", ADVICE, parts.reply_index))
        if is_short(parts.reply):
            findings.append(Finding("short_reply", ADVICE, parts.reply_index))
        if detail := _mixed_languages(asked, parts.reply, language):
            findings.append(Finding("mixed_languages", ADVICE, parts.reply_index, detail))
    return language, findings


def _language(reply: str, asked: str) -> str:
    # One word is a label more often than an answer, and labels are in no language.
    if " " not in reply and reply.isascii():
        return language_of(asked)
    return language_of(reply) or language_of(asked)


def _mixed_languages(asked: str, reply: str, language: str) -> str:
    """Return the languages of question and reply if they differ for sure."""
    if not language or not _is_long(reply, language) or len(asked) < LEAST_DENSE:
        return ""
    if _share_words(asked, reply) or asks_for_another_language(asked, reply):
        return ""
    other = language_of(asked)
    if not _is_long(asked, other) or not are_different(other, language):
        return ""
    return f"{other}, {language}" if language_of(reply) == language else ""


def _is_long(text: str, language: str) -> bool:
    return len(text) >= (LEAST_DENSE if language in DENSE else LEAST_TO_COMPARE)


def _share_words(one: str, other: str) -> bool:
    """Whether two texts have words in common, as in the same language nearly all do."""
    return len(set(one[:WORDS_WITHIN].split()) & set(other[:WORDS_WITHIN].split())) >= SAME_WORDS


def _in_message(message: Message, index: int) -> Iterator[Finding]:
    text = message.text
    # Most sets repeat their instructions word for word.
    in_text = _in_instructions if message.role == SYSTEM else _in_text
    for code, span in in_text(text):
        detail = text[slice(*span)] if span else ""
        yield Finding(code, ADVICE, index, detail, span)
    for call in message.tool_calls:
        for argument in argument_texts(call):
            for found in private_parts(argument):
                yield Finding(found.code, ADVICE, index, argument[found.start : found.end])


def _in_text(text: str) -> list[tuple[str, tuple[int, int] | None]]:
    found: list[tuple[str, tuple[int, int] | None]] = [
        (code, (start, end)) for code, start, end in private_parts(text)
    ]
    if has_edge_space(text):
        found.append(("edge_space", None))
    if is_broken(text):
        found.append(("broken_characters", None))
    return found


_in_instructions = lru_cache(maxsize=64)(_in_text)
