"""The chat template that a model brings with it, and which part of its text training is about.

The environment is that of transformers (`utils/chat_template_utils.py`): sandboxed Jinja with
`raise_exception`, `strftime_now`, a `tojson` that leaves text as it is, and loop controls.

Tools go to the template where it knows of them. Where it does not, they are put into words as the
Hermes and Qwen2.5 models have it: offered in the system message, called and answered in tags.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from desktop_app.engine.backends.backend import (
    ChatMessages,
    ChatTemplateError,
    ModelFileError,
    ToolCallForm,
    ToolList,
)
from desktop_app.engine.backends.text.tool_words import answered_in_words, offered_in_words

Span = tuple[int, int]
"""From and to which character of a rendered text."""

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For models that bring no template."""


class ChatTemplate:
    """Renders conversations. Raises ModelFileError for a template that is no Jinja.

    `endings` are the special tokens with which a turn may end.
    """

    def __init__(self, source: str, *, bos: str, eos: str, endings: Sequence[str]) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = _strftime_now
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise ModelFileError("The model's chat template cannot be read.") from error
        self._knows_calls = "tool_calls" in source
        self._knows_tools = re.search(r"\btools\b", source) is not None
        self.tool_call_form = _tool_call_form(source, known=self._knows_tools)
        self._names = {"bos_token": bos, "eos_token": eos}
        self._endings = tuple(endings)

    def render(
        self, messages: ChatMessages, *, add_generation_prompt: bool, tools: ToolList | None = None
    ) -> str:
        """Return the conversation as the model reads it. Raises ChatTemplateError."""
        try:
            text = self._template.render(
                messages=self._in_words([self._plain(m) for m in messages], tools),
                tools=tools or None,
                add_generation_prompt=add_generation_prompt,
                **self._names,
            )
        except (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise ChatTemplateError(
                "The model's chat template refuses this conversation."
            ) from error
        # JSON can carry halves of surrogate pairs, which no text in UTF-8 can hold.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _in_words(
        self, messages: list[dict[str, Any]], tools: ToolList | None
    ) -> list[dict[str, Any]]:
        """Put into words what this template has no way to say of tools."""
        if not self._knows_calls:
            messages = answered_in_words(messages)
        if tools and not self._knows_tools:
            messages = offered_in_words(messages, [_to_json(tool) for tool in tools])
        return messages

    def supervised(
        self, messages: ChatMessages, tools: ToolList | None = None
    ) -> tuple[str, list[tuple[Span, float]]]:
        """Render a conversation, and find what the assistant says in it.

        Return the text and the spans to learn, end-of-turn included, each with the weight of its
        message; those of weight 0 are left out. Raises ChatTemplateError.
        """
        text = self.render(messages, add_generation_prompt=False, tools=tools)
        replies = [n for n, message in enumerate(messages) if message.get("role") == "assistant"]
        spans = self._spans_between_prefixes(text, messages, replies, tools)
        if spans is None:
            spans = self._spans_of_contents(text, [messages[place] for place in replies])
        weights = [_weight(messages[place]) for place in replies]
        learned = [(span, weight) for span, weight in zip(spans, weights, strict=True) if weight]
        return text, [(self._to_end_of_turn(text, span), weight) for span, weight in learned]

    def _spans_between_prefixes(
        self, text: str, messages: ChatMessages, replies: Sequence[int], tools: ToolList | None
    ) -> list[Span] | None:
        """A reply is what its message adds to the conversation before it and a prompt to speak.

        None where the template is not stable, that is, writes a message in another way once more
        messages follow, or refuses a conversation that stops short.
        """
        spans: list[Span] = []
        for place in replies:
            try:
                before = self.render(messages[:place], add_generation_prompt=True, tools=tools)
                until = self.render(messages[: place + 1], add_generation_prompt=False, tools=tools)
            except ChatTemplateError:
                return None
            if not (text.startswith(until) and until.startswith(before)):
                return None
            spans.append((len(before), len(until)))
        return spans

    def _spans_of_contents(self, text: str, replies: ChatMessages) -> list[Span]:
        """Find the replies' own words, each with the end-of-turn that follows it.

        From the last to the first, so that a reply is not taken for the same words said before.
        """
        spans: list[Span] = []
        limit = len(text)
        for reply in reversed(replies):
            content = str(self._plain(reply)["content"]).strip()
            start = text.rfind(content, 0, limit)
            if start < 0 or not content:
                raise ChatTemplateError("The model's chat template leaves out a reply.")
            end = start + len(content)
            ending = next((ending for ending in self._endings if text.startswith(ending, end)), "")
            spans.append((start, end + len(ending)))
            limit = start
        return spans[::-1]

    def _to_end_of_turn(self, text: str, span: Span) -> Span:
        """Leave out the line break that a template puts behind the end-of-turn."""
        start, end = span
        trimmed = start + len(text[start:end].rstrip())
        return (start, trimmed) if text.endswith(self._endings, start, trimmed) else span

    def _plain(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Content as text, and calls of tools as text too where the template knows none."""
        plain = {key: value for key, value in message.items() if key != "weight"}
        plain["content"] = _text_of(message.get("content"))
        calls = plain.pop("tool_calls", None) or []
        parsed = [_with_parsed_arguments(call) for call in calls]
        if parsed and self._knows_calls:
            plain["tool_calls"] = parsed
        elif parsed:
            lines = [f"<tool_call>\n{_to_json(call['function'])}\n</tool_call>" for call in parsed]
            plain["content"] = "\n".join([*filter(None, [plain["content"]]), *lines])
        return plain


def _tool_call_form(source: str, *, known: bool) -> ToolCallForm:
    """Tell from a template how its model calls tools: in tags, or as JSON by itself."""
    arguments = "arguments"
    if '"parameters"' in source and '"arguments"' not in source:
        arguments = "parameters"  # as the models of Llama 3.1 and later do
    if known and "<tool_call>" not in source:
        return ToolCallForm("", "", arguments)
    return ToolCallForm(arguments=arguments)


def _weight(message: Mapping[str, Any]) -> float:
    weight = message.get("weight")
    return 1.0 if weight is None else float(weight)


def _text_of(content: object) -> str:
    """The words of a message's content: text, a list of parts, or nothing."""
    if isinstance(content, list | tuple):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _with_parsed_arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    """Templates write arguments as JSON themselves; the protocol has them written already."""
    function = dict(call["function"])
    with suppress(TypeError, ValueError):
        function["arguments"] = json.loads(function.get("arguments", "{}"))
    return {**call, "function": function}


def _to_json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)
