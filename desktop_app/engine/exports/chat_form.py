"""What a model's chat template writes around messages, found by trying it.

Ollama has templates of its own kind and reads no Jinja. Most models frame a message by its role
alone; whether this one does is tested against its own template, and if not there is no form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from desktop_app.engine.backends.backend import ChatTemplateError

Messages = Sequence[Mapping[str, str]]
Render = Callable[[Messages, bool], str]
"""Messages, and whether a prompt to speak follows, as the model reads them."""

_SYSTEM, _FIRST, _REPLY, _SECOND = "Qsystemq", "Qfirstq", "Qreplyq", "Qsecondq"


@dataclass(frozen=True)
class ChatForm:
    """What stands before and behind a message of each role, and before a reply.

    `instructions` are those that the template adds where there are none.
    """

    frames: Mapping[str, tuple[str, str]]
    prompt: str
    instructions: str

    def render(self, messages: Messages) -> str:
        """Return messages with a prompt to speak behind them."""
        if self.instructions and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": self.instructions}, *messages]
        text = ""
        for message in messages:
            before, behind = self.frames[message["role"]]
            text += before + message["content"] + behind
        return text + self.prompt


def chat_form(render: Render) -> ChatForm | None:
    """Return the form in which a template writes, None if it is not as simple as that."""
    messages = [
        {"role": "system", "content": _SYSTEM},
        {"role": "user", "content": _FIRST},
        {"role": "assistant", "content": _REPLY},
        {"role": "user", "content": _SECOND},
    ]
    try:
        form = _tried(render, messages)
        agrees = form is not None and all(
            form.render(tried) == render(tried, True) for tried in (messages, messages[1:])
        )
    except (ChatTemplateError, KeyError):
        return None
    return form if agrees else None


def _tried(render: Render, messages: Messages) -> ChatForm | None:
    begun, replied, whole = (render(messages[:count], False) for count in (2, 3, 4))
    user = _frame(whole.removeprefix(replied), _SECOND)
    reply = _frame(replied.removeprefix(begun), _REPLY)
    if user is None or reply is None:
        return None
    first = _FIRST.join(user)
    system = _frame(begun.removesuffix(first), _SYSTEM)
    if system is None:
        return None
    prompt = render(messages[:2], True).removeprefix(begun)
    added = render(messages[1:2], False).removesuffix(first)
    instructions = added.removeprefix(system[0]).removesuffix(system[1])
    frames = {"system": system, "user": user, "assistant": reply}
    return ChatForm(frames, prompt, instructions)


def _frame(text: str, content: str) -> tuple[str, str] | None:
    """Return what stands around the one place of a content."""
    before, found, behind = text.partition(content)
    return (before, behind) if found and content not in behind else None
