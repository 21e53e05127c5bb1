"""Tools in a chat: what the model is shown, and what its words become."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError
from openai.types.chat import ChatCompletionMessageParam

from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, TokenIds
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.service.engine_child import MODEL
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.tiny_model import tiny_weights, write_model

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Weather in Oslo?"}]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    for name in ("weather", "time")
]
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


class Script:
    """What the model says next, and what it was asked."""

    def __init__(self) -> None:
        self.texts = [CALL]
        self.prompts: list[str] = []
        self.asked: list[Sampling] = []

    def generate(
        self, model: NumpyLlamaModel, prompt: TokenIds, sampling: Sampling
    ) -> Iterator[GeneratedPiece]:
        """Say the texts, a choice each, in pieces of three characters."""
        self.prompts.append(model.detokenize(prompt))
        self.asked.append(sampling)
        for choice, text in enumerate(self.texts):
            for start in range(0, len(text), 3):
                yield GeneratedPiece(text[start : start + 3], start + 1, None, choice)
            yield GeneratedPiece("", len(text), "stop", choice)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def engine(
    tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InProcessEngine]:
    """A service whose model says what it is told to."""

    def generate(
        self: NumpyLlamaModel, prompt: TokenIds, sampling: Sampling
    ) -> Iterator[GeneratedPiece]:
        return script.generate(self, prompt, sampling)

    monkeypatch.setattr(NumpyLlamaModel, "generate", generate)
    monkeypatch.setattr(NumpyLlamaModel, "check_grammar", lambda *_: None)
    model = write_model(tmp_path / "m.gguf", tiny_weights(0), {"llama.context_length": 4096})
    with in_process_engine(tmp_path / "store", model) as running:
        yield running


def test_a_call_is_part_of_the_message(engine: InProcessEngine, script: Script) -> None:
    answer = engine.client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    assert '"name": "time"' in script.prompts[0]
    assert script.asked[0].grammar is None


def test_calls_in_a_stream(engine: InProcessEngine, script: Script) -> None:
    script.texts = [f"Let me see.\n{CALL}\n{CALL}", "It rains."]
    stream = engine.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, n=2, stream=True
    )
    said, ends = ["", ""], ["", ""]
    calls: dict[int, list[str]] = {}
    for chunk in stream:
        (choice,) = chunk.choices
        said[choice.index] += choice.delta.content or ""
        ends[choice.index] = choice.finish_reason or ends[choice.index]
        for call in choice.delta.tool_calls or []:
            assert choice.index == 0
            assert call.function is not None
            if call.id:
                assert call.index not in calls
                calls[call.index] = [call.function.name or "", ""]
            calls[call.index][1] += call.function.arguments or ""
    assert said == ["Let me see.", "It rains."]
    assert ends == ["tool_calls", "stop"]
    assert calls == {0: ["weather", '{"city": "Oslo"}'], 1: ["weather", '{"city": "Oslo"}']}


def test_what_is_no_call_stays_content(engine: InProcessEngine, script: Script) -> None:
    script.texts = ['<tool_call>{"name": "unknown", "arguments": {}}</tool_call>']
    answer = engine.client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS)
    assert answer.choices[0].message.content == script.texts[0]
    assert answer.choices[0].message.tool_calls is None
    assert answer.choices[0].finish_reason == "stop"


def test_none_means_that_no_tool_is_shown(engine: InProcessEngine, script: Script) -> None:
    answer = engine.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, tool_choice="none"
    )
    assert answer.choices[0].message.content == CALL
    assert "weather" not in script.prompts[0]


def test_one_call_at_a_time(engine: InProcessEngine, script: Script) -> None:
    script.texts = [f"{CALL}\n{CALL}"]
    answer = engine.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, parallel_tool_calls=False
    )
    assert len(answer.choices[0].message.tool_calls or []) == 1
    assert "</tool_call>" in script.asked[0].stop


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("required", ["weather", "time"]),
        ({"type": "function", "function": {"name": "time"}}, ["time"]),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "weather"}}],
                },
            },
            ["weather"],
        ),
    ],
)
def test_a_call_that_must_be_is_held_to_a_grammar(
    engine: InProcessEngine,
    script: Script,
    choice: Any,  # noqa: ANN401  # JSON
    shown: list[str],
) -> None:
    engine.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, tool_choice=choice
    )
    grammar = script.asked[0].grammar
    assert grammar is not None
    for name in ("weather", "time"):
        assert (f'{{"const": "{name}"}}' in grammar) == (name in shown)
        assert (f'"name": "{name}"' in script.prompts[0]) == (name in shown)


@pytest.mark.parametrize(
    "choice",
    [
        "sometimes",
        {"type": "function", "function": {"name": "other"}},
        {"type": "function"},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{}]}},
    ],
)
def test_choices_that_cannot_be(engine: InProcessEngine, choice: Any) -> None:  # noqa: ANN401  # JSON
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(
            model=MODEL, messages=ASK, tools=TOOLS, tool_choice=choice
        )
    assert caught.value.param == "tool_choice"


def test_a_strict_function_must_leave_nothing_open(engine: InProcessEngine) -> None:
    loose: Any = {"type": "function", "function": TOOLS[0]["function"] | {"strict": True}}
    with pytest.raises(BadRequestError, match="'additionalProperties' is required") as caught:
        engine.client.chat.completions.create(model=MODEL, messages=ASK, tools=[loose])
    assert caught.value.param == "tools[0].function.parameters"


def test_a_form_and_tools_at_once_are_refused(engine: InProcessEngine) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(
            model=MODEL, messages=ASK, tools=TOOLS, response_format={"type": "json_object"}
        )
    assert caught.value.param == "response_format"
