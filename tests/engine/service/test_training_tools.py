"""Calls of tools in training: what is learned is what the model's own template writes."""

import json

import numpy as np
import pytest

from desktop_app.engine.backends.backend import Model
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner.encoding import encode_line
from tests.engine.service.job_lines import WEATHER, tool_line
from tests.engine.tiny_model import tiny_weights, write_model

END = "<|im_end|>"
QWEN = (
    "{% if tools %}{{ '<|im_start|>system\n' }}{% if messages[0].role == 'system' %}"
    "{{ messages[0].content + '\n\n' }}{% endif %}{{ '# Tools\n<tools>' }}"
    "{% for tool in tools %}{{ '\n' }}{{ tool | tojson }}{% endfor %}"
    "{{ '\n</tools><|im_end|>\n' }}"
    "{% elif messages[0].role == 'system' %}"
    "{{ '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{% endif %}"
    "{% for message in messages %}"
    "{% if message.role == 'user' or message.role == 'assistant' and not message.tool_calls %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{% elif message.role == 'assistant' %}{{ '<|im_start|>assistant' }}"
    "{% if message.content %}{{ '\n' + message.content }}{% endif %}"
    '{% for call in message.tool_calls %}{{ \'\n<tool_call>\n{"name": "\' }}'
    '{{ call.function.name }}{{ \'", "arguments": \' }}{{ call.function.arguments | tojson }}'
    "{{ '}\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\n' }}"
    "{% elif message.role == 'tool' %}{{ '<|im_start|>user\n<tool_response>\n' + message.content }}"
    "{{ '\n</tool_response><|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""As Qwen2.5's, shortened."""
OWN_WAY = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
    "{% if message.tool_calls %}{% for call in message.tool_calls %}"
    "{{ call.function.name + '(' + call.function.arguments.city + ')' }}{% endfor %}"
    "{% else %}{{ message.content }}{% endif %}{{ '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    "{% if tools %}{% endif %}"
)
"""A template that writes calls as no other does."""
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "town 0"}}\n</tool_call>'


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """The tiny model with room for long prompts, once with each template."""
    folder = tmp_path_factory.mktemp("tools")
    loaded = {}
    for name, template in (("plain", None), ("qwen", QWEN), ("own", OWN_WAY)):
        changes: dict[str, object] = {"llama.context_length": 4096}
        if template:
            changes["tokenizer.chat_template"] = template
        path = write_model(folder / f"{name}.gguf", tiny_weights(0), changes)
        loaded[name] = NumpyLlamaBackend().load(path)
    return loaded


def learned(model: Model, line: str) -> list[str]:
    """Return the stretches of text that have weight."""
    example = encode_line(model, line.encode())
    stretches: list[list[int]] = []
    before = 0.0
    for token, weight in zip(example.tokens, example.loss_weights, strict=True):
        if weight and not before:
            stretches.append([])
        if weight:
            stretches[-1].append(int(token))
        before = weight
    return [model.detokenize(np.array(stretch)) for stretch in stretches]


def changed(*changes: tuple[int, dict[str, object]]) -> str:
    """Return the conversation with some messages changed."""
    line = json.loads(tool_line())
    for place, change in changes:
        line["messages"][place] |= change
    return json.dumps(line)


@pytest.mark.parametrize("name", ["plain", "qwen", "own"])
def test_calls_and_replies_are_learned_and_answers_of_tools_are_not(
    models: dict[str, Model], name: str
) -> None:
    call = "get_weather(town 0)" if name == "own" else CALL
    assert learned(models[name], tool_line()) == [
        call + END,
        f"it is raining{END}",
        f"at your service{END}",
    ]


@pytest.mark.parametrize("name", ["plain", "qwen"])
def test_tools_and_their_answers_are_read(models: dict[str, Model], name: str) -> None:
    text = models[name].detokenize(encode_line(models[name], tool_line().encode()).tokens)
    assert '"name": "get_weather"' in text
    assert "Weather of a town" in text
    assert '{"rain": true}' in text
    assert "be brief" in text


@pytest.mark.parametrize("name", ["plain", "qwen", "own"])
def test_weight_0_leaves_out_a_call_or_a_reply(models: dict[str, Model], name: str) -> None:
    call = "get_weather(town 0)" if name == "own" else CALL
    model = models[name]
    assert learned(model, changed((2, {"weight": 0}))) == [
        f"it is raining{END}",
        f"at your service{END}",
    ]
    assert learned(model, changed((4, {"weight": 0}), (6, {"weight": 0}))) == [call + END]


@pytest.mark.parametrize("name", ["plain", "qwen"])
def test_words_beside_a_call(models: dict[str, Model], name: str) -> None:
    first = learned(models[name], changed((2, {"content": "let me see"})))[0]
    assert first == f"let me see\n{CALL}{END}"


@pytest.mark.parametrize("name", ["plain", "qwen"])
def test_two_calls_at_once(models: dict[str, Model], name: str) -> None:
    line = json.loads(tool_line())
    calls = line["messages"][2]["tool_calls"]
    calls.append(json.loads(json.dumps(calls[0]).replace("town 0", "town 1")) | {"id": "call_b"})
    answer = {"role": "tool", "tool_call_id": "call_b", "content": "{}"}
    line["messages"].insert(4, answer)
    first = learned(models[name], json.dumps(line))[0]
    assert first == f"{CALL}\n{CALL.replace('town 0', 'town 1')}{END}"


@pytest.mark.parametrize("name", ["plain", "qwen", "own"])
def test_the_old_form_of_functions_is_the_same(models: dict[str, Model], name: str) -> None:
    new = json.loads(tool_line())
    call = new["messages"][2].pop("tool_calls")[0]["function"]
    old = json.loads(json.dumps(new))
    old["messages"][2]["function_call"] = call
    old["messages"][3] = {"role": "function", "name": "get_weather", "content": '{"rain": true}'}
    old["functions"] = [WEATHER["function"]]
    del old["tools"]
    assert learned(models[name], json.dumps(old)) == learned(models[name], tool_line())


def test_a_refusal_is_learned_in_its_own_words(models: dict[str, Model]) -> None:
    line = changed((6, {"content": None, "refusal": "i cannot say that"}))
    assert learned(models["plain"], line)[-1] == f"i cannot say that{END}"


def test_a_call_at_the_very_end(models: dict[str, Model]) -> None:
    line = json.loads(tool_line())
    line["messages"] = line["messages"][:3]
    for model in models.values():
        assert len(learned(model, json.dumps(line))) == 1
