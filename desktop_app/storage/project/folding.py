"""What a search compares: text without the differences of case and width, in every script."""

import unicodedata

from desktop_app.core.examples.conversation import ROLES, TOOL, Conversation

BETWEEN = "\x1e"
"""Stands between the texts of a conversation, so that nothing is found across two of them."""

_PLAIN_ROLES = frozenset(ROLES) - {TOOL}


def fold(text: str) -> str:
    """Return text without the differences of case and width (Unicode 15.0, D147, NFKC).

    The Turkish i with and without a dot, and curly and straight quotes, are not told apart either.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = text.replace("i\u0307", "i").replace("ı", "i")
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    return whole(text)


def whole(text: str) -> str:
    """Return text with U+FFFD for half characters (lone surrogates), which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def folded(conversation: Conversation, line: str) -> str | None:
    """Return what a search looks through; None where the line itself serves (`is_plain`)."""
    if is_plain(conversation, line):
        return None
    return fold(BETWEEN.join(_texts(conversation)))


def is_plain(conversation: Conversation, line: str) -> bool:
    """Whether a line is in ASCII and holds nothing but messages with roles, words and weights.

    Such a line is searched as it stands; `search.py` knows what JSON puts around the words.
    """
    if (
        not line.isascii()
        or conversation.tools
        or conversation.parallel_tool_calls is not None
        or conversation.extra
        or conversation.is_preference
    ):
        return False
    # Written out: this is asked of every line that is imported, and calls cost twice as much.
    for message in conversation.messages:
        weight = message.weight
        if (
            message.content.__class__ is not str
            or message.role not in _PLAIN_ROLES
            or (weight is not None and (weight not in (0, 1) or weight.__class__ is float))
            or message.tool_calls
            or message.name is not None
            or message.tool_call_id is not None
            or message.refusal is not None
            or message.extra
        ):
            return False
    return "\\" not in line or not ("\\u" in line or "\\b" in line or "\\f" in line)


def _texts(conversation: Conversation) -> list[str]:
    texts: list[str] = []
    for message in conversation.all_messages:
        content = message.content
        texts += (
            content if content.__class__ is str else message.text,
            message.name or "",
            message.refusal or "",
        )
        for call in message.tool_calls:
            texts += (call.function.name, call.function.arguments)
    texts.append(conversation.tools)
    return texts
