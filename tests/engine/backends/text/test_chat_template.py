from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from desktop_app.engine.backends.backend import ChatTemplateError, ModelFileError
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.text.chat_template import ChatTemplate
from tests.engine.tiny_model import CHAT_TEMPLATE

SMOLLM_SYSTEM = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\n"
)
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Yes?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Yes."},
    {"role": "assistant", "content": "No."},
]


def made(source: str = CHAT_TEMPLATE) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>", endings=["<|im_end|>", "</s>"])


def learned(
    template: ChatTemplate, messages: Sequence[Mapping[str, Any]]
) -> list[tuple[str, float]]:
    text, spans = template.supervised(messages)
    return [(text[start:end], weight) for (start, end), weight in spans]


def test_a_conversation_is_rendered_as_the_model_has_it() -> None:
    text = made().render([{"role": "user", "content": "Hi"}], add_generation_prompt=True)
    assert text == SMOLLM_SYSTEM + "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_what_the_assistant_says_is_learned_with_its_end_of_turn() -> None:
    assert learned(made(), TALK) == [("Yes.<|im_end|>", 1.0), ("No.<|im_end|>", 1.0)]


def test_weights_are_honoured() -> None:
    talk = [*TALK[:2], TALK[2] | {"weight": 0}, TALK[3], TALK[4] | {"weight": 0.5}]
    assert learned(made(), talk) == [("No.<|im_end|>", 0.5)]
    assert learned(made(), [*TALK[:2], TALK[2] | {"weight": None}]) == [("Yes.<|im_end|>", 1.0)]


def test_a_reply_that_ends_in_white_space_is_learned_whole() -> None:
    talk = [TALK[1], {"role": "assistant", "content": " Yes. \n"}]
    assert learned(made(), talk) == [(" Yes. \n<|im_end|>", 1.0)]


def test_a_conversation_without_replies_teaches_nothing() -> None:
    assert learned(made(), TALK[:2]) == []


FORGETFUL = (
    "{% for m in messages %}{% if m.role == 'assistant' and not loop.last %}"
    "A: {{ m.content.split('</think>')[-1] }}</s>{% else %}{{ m.role[0] | upper }}: "
    "{{ m.content }}</s>{% endif %}{% endfor %}{% if add_generation_prompt %}A: {% endif %}"
)
"""Takes the thoughts out of all replies but the last, as some models' templates do."""


def test_a_template_that_rewrites_what_came_before_falls_back_to_the_words() -> None:
    talk = [
        {"role": "user", "content": "Yes."},
        {"role": "assistant", "content": "<think>hm</think>Yes."},
        {"role": "user", "content": "And?"},
        {"role": "assistant", "content": "<think>hm</think>No."},
    ]
    with pytest.raises(ChatTemplateError, match="leaves out a reply"):
        made(FORGETFUL).supervised(talk)
    talk[1] = {"role": "assistant", "content": "Yes."}
    assert learned(made(FORGETFUL), talk) == [
        ("Yes.</s>", 1.0),
        ("<think>hm</think>No.</s>", 1.0),
    ]


STRICT = (
    "{% if messages | length % 2 %}{{ raise_exception('an even number') }}{% endif %}"
    "{% for m in messages %}[{{ m.content | trim }}]{{ eos_token }}{% endfor %}"
)


def test_a_template_that_refuses_a_part_falls_back_to_the_words() -> None:
    talk = [TALK[1], {"role": "assistant", "content": " Good day. "}]
    assert learned(made(STRICT), talk) == [("Good day.", 1.0)]
    with pytest.raises(ChatTemplateError, match="refuses this conversation"):
        made(STRICT).supervised([*talk, TALK[1]])


def test_the_model_learns_tokens_and_never_the_first(tiny_model: NumpyLlamaModel) -> None:
    example = tiny_model.training_example(TALK)
    spoken = example.tokens[example.loss_weights > 0]
    assert tiny_model.detokenize(spoken) == "Yes.<|im_end|>No.<|im_end|>"
    assert tiny_model.detokenize(example.tokens).startswith("<|im_start|>system\nBe brief.")
    assert example.loss_weights[0] == 0


def test_replies_in_other_scripts_are_found_by_their_bytes(tiny_model: NumpyLlamaModel) -> None:
    talk = [
        {"role": "user", "content": "こんにちは 😀"},
        {"role": "assistant", "content": "やあ\ud800👍🏽"},
    ]
    example = tiny_model.training_example(talk)
    spoken = tiny_model.detokenize(example.tokens[example.loss_weights > 0])
    assert spoken == "やあ\ufffd👍🏽<|im_end|>"


def test_a_long_conversation_is_cut_to_the_context(tiny_model: NumpyLlamaModel) -> None:
    example = tiny_model.training_example([TALK[1], {"role": "assistant", "content": "a z" * 900}])
    assert len(example.tokens) == len(example.loss_weights) == tiny_model.context_tokens


CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": "é"}'}}
    ],
}


def test_calls_of_tools_become_text_where_the_template_knows_none() -> None:
    text = made().render([TALK[1], CALL], add_generation_prompt=False)
    assert '<tool_call>\n{"name": "look", "arguments": {"at": "é"}}\n</tool_call><|im_end|>' in text


def test_calls_and_tools_reach_a_template_that_knows_them() -> None:
    template = made(
        "{{ tools | tojson }}{% for m in messages %}{% for c in m.tool_calls %}"
        "{{ c.function.name }}({{ c.function.arguments | tojson }}){% endfor %}{% endfor %}"
    )
    tools = [{"type": "function", "function": {"name": "look"}}]
    text = template.render([CALL], add_generation_prompt=False, tools=tools)
    assert text == '[{"type": "function", "function": {"name": "look"}}]look({"at": "é"})'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ""),
        ([{"type": "text", "text": "one"}, {"type": "image_url"}], "one"),
        ([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "one\ntwo"),
        (7, ""),
    ],
)
def test_content_is_read_as_text(content: object, expected: str) -> None:
    text = made().render([{"role": "system", "content": content}], add_generation_prompt=False)
    assert text == f"<|im_start|>system\n{expected}<|im_end|>\n"


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.append(1) }}",
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__.__subclasses__() }}",
        "{{ range(1000000000) | list }}",
        "{{ 1 / 0 }}",
        "{{ nothing.at.all }}",
    ],
)
def test_a_template_is_kept_in_its_sandbox(source: str) -> None:
    with pytest.raises(ChatTemplateError):
        made(source).render(TALK, add_generation_prompt=False)


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(ModelFileError):
        made("{% if %}")


def test_a_template_can_tell_the_time() -> None:
    assert made("{{ strftime_now('%Y') }}").render([], add_generation_prompt=False).isdigit()
