"""What speakers are called elsewhere, and which role that is here."""

from desktop_app.core.examples.conversation import ASSISTANT, ROLES, SYSTEM, USER

_ELSEWHERE = {
    "human": USER, "user": USER, "ai": ASSISTANT, "assistant": ASSISTANT, "bot": ASSISTANT,
    "chatbot": ASSISTANT, "chatgpt": ASSISTANT, "gpt": ASSISTANT, "model": ASSISTANT,
    "system": SYSTEM,
}  # fmt: skip
_SPEAKERS = _ELSEWHERE | {
    "you said": USER, "customer": USER, "client": USER, "visitor": USER, "chatgpt said": ASSISTANT,
    "agent": ASSISTANT, "support": ASSISTANT, "customer service": ASSISTANT, "operator": ASSISTANT,
    "instructions": SYSTEM, "system instructions": SYSTEM,
}  # fmt: skip


def other_role(role: str) -> str:
    """Return the role that is evidently meant by another spelling, '' if it is none, or right."""
    return "" if role in ROLES else _ELSEWHERE.get(role.strip().casefold(), "")


def speaker_role(name: str) -> str:
    """Return the role of a speaker who is named by what they are, '' if it is a name."""
    return _SPEAKERS.get(name.strip().casefold(), "")
