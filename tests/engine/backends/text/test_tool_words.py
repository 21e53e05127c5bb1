"""Tools in words, for templates that know of none, and how models write calls."""

from typing import Any

import pytest

from desktop_app.engine.backends.backend import ToolCallForm
from desktop_app.engine.backends.text.chat_template import ChatTemplate
from tests.engine.tiny_model import CHAT_TEMPLATE

TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "look"}}]
CALL: dict[str, Any] = {"id": "1", "type": "function", "function": {"name": "look"}}
TALK: list[dict[str, Any]] = [
    {"role": "user", "content": "Where?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL, CALL | {"id": "2"}]},
    {"role": "tool", "tool_call_id": "1", "content": "here"},
    {"role": "tool", "tool_call_id": "2", "content": "there"},
    {"role": "assistant", "content": "Here and there."},
]


def made(source: str = CHAT_TEMPLATE) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>", endings=["<|im_end|>", "</s>"])


def test_tools_are_offered_in_a_system_message() -> None:
    text = made().render(TALK[:1], add_generation_prompt=True, tools=TOOLS)
    assert text.startswith("<|im_start|>system\n# Tools\n")
    assert '<tools>\n{"type": "function", "function": {"name": "look"}}\n</tools>' in text
    assert "within <tool_call></tool_call> XML tags" in text
    assert '{"name": <function-name>, "arguments": <args-json-object>}' in text
    assert "SmolLM" not in text


def test_tools_are_offered_behind_what_the_system_says() -> None:
    talk = [{"role": "system", "content": "Be brief."}, *TALK[:1]]
    text = made().render(talk, add_generation_prompt=True, tools=TOOLS)
    assert text.startswith("<|im_start|>system\nBe brief.\n\n# Tools\n")


def test_what_tools_answer_is_one_turn_of_the_user() -> None:
    text = made().render(TALK, add_generation_prompt=False)
    assert (
        "<|im_start|>user\n<tool_response>\nhere\n</tool_response>\n"
        "<tool_response>\nthere\n</tool_response><|im_end|>\n"
    ) in text


def test_calls_are_learned_and_answers_are_not() -> None:
    text, spans = made().supervised(TALK, TOOLS)
    learned = [text[start:end] for (start, end), _ in spans]
    assert learned[0].count("<tool_call>") == 2
    assert learned[0].endswith("</tool_call><|im_end|>")
    assert learned[1] == "Here and there.<|im_end|>"


def test_a_template_that_knows_tools_is_left_to_it() -> None:
    source = "{{ tools | length }}{% for m in messages %}{{ m.tool_calls }}{{ m.role }}{% endfor %}"
    text = made(source).render(TALK[2:4], add_generation_prompt=False, tools=TOOLS)
    assert text == "1tooltool"


@pytest.mark.parametrize(
    ("source", "form"),
    [
        (CHAT_TEMPLATE, ToolCallForm()),
        ("{{ tools }}<tool_call>", ToolCallForm()),
        ('{{ tools }}{"name": "x", "parameters": {}}', ToolCallForm("", "", "parameters")),
        ('{{ tools }}{"name": "x", "arguments": {}}', ToolCallForm("", "", "arguments")),
    ],
)
def test_how_a_model_writes_calls_is_read_from_its_template(
    source: str, form: ToolCallForm
) -> None:
    assert made(source).tool_call_form == form
