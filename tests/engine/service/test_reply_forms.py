"""Replies that are held to a form: JSON, JSON by a schema, calls that must be or must be sound."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from openai import BadRequestError, LengthFinishReasonError, pydantic_function_tool
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from desktop_app.engine.api.response_format import reply_grammar
from desktop_app.engine.errors import ApiError
from tests.engine.service.engine_child import MODEL, Engine, running_engine
from tests.engine.service.in_process import InProcessEngine, in_process_engine
from tests.engine.tiny_model import tiny_weights, write_model

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "the cake did not come"}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["praise", "complaint"]},
        "stars": {"type": "integer", "minimum": 0, "maximum": 5},
    },
    "required": ["kind", "stars"],
    "additionalProperties": False,
}


def form(schema: dict[str, Any], *, strict: bool = True) -> Any:  # noqa: ANN401  # JSON
    return {
        "type": "json_schema",
        "json_schema": {"name": "review", "schema": schema, "strict": strict},
    }


class Review(BaseModel):
    """A review in two words."""

    kind: Literal["praise", "complaint"]
    sure: bool


class Send(BaseModel):
    """Send something again."""

    what: Literal["cake", "bread"]
    express: bool


@pytest.fixture(scope="module")
def roomy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with room for tools in words, which are long in its few tokens."""
    path = tmp_path_factory.mktemp("roomy") / "m.gguf"
    return write_model(path, tiny_weights(0), {"llama.context_length": 4096})


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, roomy_model: Path, token_file: Path
) -> Iterator[Engine]:
    """A service with that model."""
    with running_engine(tmp_path_factory.mktemp("store") / "s", token_file, roomy_model) as engine:
        yield engine


@pytest.fixture(scope="module")
def library() -> None:
    pytest.importorskip("llguidance")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("temperature", [0, 1, 2])
def test_a_reply_is_what_the_schema_says(engine: Engine, temperature: float) -> None:
    for seed in range(6):
        answer = engine.client.chat.completions.create(
            model=MODEL,
            messages=ASK,
            response_format=form(SCHEMA),
            temperature=temperature,
            seed=seed,
            max_tokens=250,
        )
        (choice,) = answer.choices
        assert choice.finish_reason == "stop"
        review = json.loads(choice.message.content or "")
        assert review["kind"] in {"praise", "complaint"}
        assert review["stars"] in range(6)
        assert len(review) == 2


@pytest.mark.usefixtures("library")
def test_choices_are_each_held_to_it_and_scored_as_the_model_has_them(engine: Engine) -> None:
    answer = engine.client.chat.completions.create(
        model=MODEL,
        messages=ASK,
        response_format=form(SCHEMA),
        n=3,
        seed=1,
        max_tokens=250,
        logprobs=True,
    )
    for choice in answer.choices:
        json.loads(choice.message.content or "")
        assert choice.logprobs is not None
        told = b"".join(bytes(token.bytes or []) for token in choice.logprobs.content or [])
        assert told.decode() == choice.message.content


@pytest.mark.usefixtures("library")
def test_any_json_is_an_object(engine: Engine) -> None:
    ended = 0
    for seed in range(12):
        answer = engine.client.chat.completions.create(
            model=MODEL,
            messages=ASK,
            response_format={"type": "json_object"},
            seed=seed,
            max_tokens=200,
        )
        text = answer.choices[0].message.content or ""
        assert text.startswith("{")
        if answer.choices[0].finish_reason == "stop":
            assert isinstance(json.loads(text), dict)
            ended += 1
    assert ended


@pytest.mark.usefixtures("library")
def test_typed_replies_and_calls_by_the_sdk(engine: Engine) -> None:
    parse = engine.client.chat.completions.parse
    review = parse(model=MODEL, messages=ASK, response_format=Review, max_tokens=200)
    assert isinstance(review.choices[0].message.parsed, Review)
    call = parse(
        model=MODEL,
        messages=ASK,
        tools=[pydantic_function_tool(Send), pydantic_function_tool(Review)],
        tool_choice="required",
        parallel_tool_calls=False,
        seed=1,
        max_tokens=200,
    )
    (choice,) = call.choices
    assert choice.finish_reason == "tool_calls"
    (made,) = choice.message.tool_calls or []
    assert isinstance(made.function.parsed_arguments, Send | Review)
    with pytest.raises(LengthFinishReasonError):
        parse(model=MODEL, messages=ASK, response_format=Review, max_tokens=2)


@pytest.mark.usefixtures("library")
def test_a_named_function_is_called_in_a_stream(engine: Engine) -> None:
    with engine.client.chat.completions.stream(
        model=MODEL,
        messages=ASK,
        tools=[pydantic_function_tool(Send), pydantic_function_tool(Review)],
        tool_choice={"type": "function", "function": {"name": "Review"}},
        seed=2,
        max_tokens=200,
        parallel_tool_calls=False,
    ) as stream:
        kinds = [event.type for event in stream]
        (choice,) = stream.get_final_completion().choices
    assert "tool_calls.function.arguments.done" in kinds
    (call,) = choice.message.tool_calls or []
    assert isinstance(call.function.parsed_arguments, Review)


@pytest.mark.usefixtures("library")
def test_definitions_of_two_functions_do_not_meet(engine: Engine) -> None:
    def tool(name: str, values: list[str]) -> Any:  # noqa: ANN401  # JSON
        parameters = {
            "type": "object",
            "properties": {"v": {"$ref": "#/$defs/v"}},
            "required": ["v"],
            "additionalProperties": False,
            "$defs": {"v": {"enum": values}},
        }
        return {"type": "function", "function": {"name": name, "parameters": parameters}}

    allowed = {"one": {"a"}, "two": {"b"}}
    seen = set()
    for seed in range(8):
        answer = engine.client.chat.completions.create(
            model=MODEL,
            messages=ASK,
            tools=[tool("one", ["a"]), tool("two", ["b"])],
            tool_choice="required",
            parallel_tool_calls=False,
            seed=seed,
            max_tokens=200,
        )
        (call,) = answer.choices[0].message.tool_calls or []
        assert call.type == "function"
        assert json.loads(call.function.arguments)["v"] in allowed[call.function.name]
        seen.add(call.function.name)
    assert seen == {"one", "two"}


@pytest.mark.usefixtures("library")
def test_where_strict_functions_may_be_called_any_words_may_be_said(engine: Engine) -> None:
    answer = engine.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=[pydantic_function_tool(Send)], seed=1, max_tokens=20
    )
    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "schema", [{"type": "array", "uniqueItems": True}, {"type": "objekt"}, {"$ref": "#/nowhere"}]
)
def test_a_schema_that_cannot_be_held_to(engine: Engine, schema: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError) as caught:
        engine.client.chat.completions.create(
            model=MODEL,
            messages=ASK,
            response_format=form(schema, strict=False),
        )
    assert caught.value.param == "response_format"
    assert caught.value.code == "invalid_json_schema"


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "array"}, "must be of type 'object'"),
        (SCHEMA | {"additionalProperties": True}, "'additionalProperties' is required"),
        (SCHEMA | {"required": ["kind"]}, "including every key"),
        (
            SCHEMA | {"$defs": {"x": {"type": "object", "properties": {}}}},
            "'additionalProperties' is required",
        ),
    ],
)
def test_strict_leaves_nothing_open(schema: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ApiError, match=wanted) as caught:
        reply_grammar(form(schema))
    assert caught.value.param == "response_format"
    assert reply_grammar(form(schema, strict=False)) is not None


@pytest.fixture
def without_library(
    tmp_path: Path, roomy_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InProcessEngine]:
    """A service on a machine where llguidance is not installed."""
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with in_process_engine(tmp_path / "store", roomy_model) as running:
        yield running


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tools": [pydantic_function_tool(Send)], "tool_choice": "required"}, "tool_choice"),
    ],
)
def test_without_the_library_it_is_refused(
    without_library: InProcessEngine, asked: dict[str, Any], param: str
) -> None:
    with pytest.raises(BadRequestError, match="needs the package llguidance") as caught:
        without_library.client.chat.completions.create(model=MODEL, messages=ASK, **asked)
    assert (caught.value.param, caught.value.code) == (param, "unsupported_parameter")


def test_without_the_library_strict_functions_are_offered_all_the_same(
    without_library: InProcessEngine,
) -> None:
    answer = without_library.client.chat.completions.create(
        model=MODEL, messages=ASK, tools=[pydantic_function_tool(Send)], max_tokens=5
    )
    assert answer.choices[0].message.content is not None
