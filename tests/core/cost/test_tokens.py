import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desktop_app.core.cost.tokens import CL100K, O200K, TokenCounter, TokenizerError
from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)

FOLDER = Path(__file__).parents[3] / "resources" / "tokenizers"
counter = TokenCounter(FOLDER)

# The samples of openai-cookbook, How_to_count_tokens_with_tiktoken (MIT), for which the notebook
# shows the API to count the same.
JARGON = Conversation(
    (
        Message(
            "system",
            "You are a helpful, pattern-following assistant that translates corporate jargon"
            " into plain English.",
        ),
        Message("system", "New synergies will help drive top-line growth.", name="example_user"),
        Message(
            "system",
            "Things working well together will increase revenue.",
            name="example_assistant",
        ),
        Message(
            "system",
            "Let's circle back when we have more bandwidth to touch base on opportunities for"
            " increased leverage.",
            name="example_user",
        ),
        Message(
            "system",
            "Let's talk later when we're less busy about how to do better.",
            name="example_assistant",
        ),
        Message(
            "user",
            "This late pivot means we don't have time to boil the ocean for the client"
            " deliverable.",
        ),
    )
)
WEATHER = Conversation(
    (
        Message(
            "system",
            "You are a helpful assistant that can answer to questions about the weather.",
        ),
        Message("user", "What's the weather like in San Francisco?"),
    ),
    tools="""[{"type": "function", "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {"type": "object", "properties": {
            "location": {"type": "string",
                         "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string", "description": "The unit of temperature to return",
                     "enum": ["celsius", "fahrenheit"]}},
            "required": ["location"]}}}]""",
)


@pytest.mark.parametrize(
    ("conversation", "encoding", "tokens"),
    [
        (JARGON, CL100K, 129),
        (JARGON, O200K, 124),
        (WEATHER, CL100K, 105),
        (WEATHER, O200K, 101),
    ],
)
def test_counts_are_those_of_the_cookbook(
    conversation: Conversation, encoding: str, tokens: int
) -> None:
    assert counter.count(conversation, encoding) == tokens


def test_weight_is_not_counted_and_a_name_is() -> None:
    plain = counter.count_message(Message("assistant", "Hello"), O200K)
    assert plain == 3 + 1 + 1
    assert counter.count_message(Message("assistant", "Hello", weight=0), O200K) == plain
    assert counter.count_message(Message("assistant", "Hello", name="Bo"), O200K) == plain + 2


def test_a_conversation_is_its_messages_and_three() -> None:
    messages = (Message("user", "Grüße aus Köln"), Message("assistant", "こんにちは"))
    alone = [counter.count_message(message, CL100K) for message in messages]
    assert counter.count(Conversation(messages), CL100K) == sum(alone) + 3


def test_both_replies_of_a_preference_example_count() -> None:
    asked = Message("user", "Where is my parcel?")
    better, worse = Message("assistant", "It left today."), Message("assistant", "No idea.")
    example = Conversation((asked,), preferred=(better,), non_preferred=(worse,))
    alone = [counter.count_message(message, O200K) for message in (asked, better, worse)]
    assert counter.count(example, O200K) == sum(alone) + 3
    unfinished = Conversation((asked,), preferred=(better,))
    assert counter.count(unfinished, O200K) == sum(alone[:2]) + 3


def test_special_tokens_are_counted_as_text() -> None:
    assert counter.count_text("<|endoftext|>", O200K) > 1


def test_calls_images_and_refusals_count() -> None:
    empty = counter.count_message(Message("assistant"), O200K)
    call = ToolCall("c", FunctionCall("look", "{}"))
    assert counter.count_message(Message("assistant", tool_calls=(call,)), O200K) == empty + 3 + 2
    assert counter.count_message(Message("assistant", refusal="No"), O200K) == empty + 1
    image = ImageUrl("https://example.org/x.png", detail="low")
    parts = (ContentPart("text", "Hi"), ContentPart("image_url", image_url=image))
    assert counter.count_message(Message("user", parts), O200K) == empty + 1 + 85


@pytest.mark.parametrize(
    "tools",
    [
        "[",
        "[]",
        "{}",
        '[{"function": 3}]',
        '[{"function": {"parameters": {"properties": {"a": 1}}}}]',
    ],
)
def test_tools_of_any_shape_are_counted(tools: str) -> None:
    assert counter.count(Conversation((), tools=tools), O200K) >= 3


def test_several_threads_may_ask_at_once() -> None:
    fresh = TokenCounter(FOLDER)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(fresh.count, [JARGON] * 8, [CL100K, O200K] * 4))
    assert counts == [129, 124] * 4


def test_a_damaged_or_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="cannot be read"):
        TokenCounter(tmp_path).count_text("x", CL100K)
    shutil.copy(FOLDER / "cl100k_base.tiktoken", tmp_path)
    with (tmp_path / "cl100k_base.tiktoken").open("ab") as file:
        file.write(b"IQ== 7\n")
    with pytest.raises(TokenizerError, match="damaged"):
        TokenCounter(tmp_path).count_text("x", CL100K)
    with pytest.raises(TokenizerError, match="unknown"):
        counter.count_text("x", "p50k_base")
