"""Tools in plain words, for models whose chat template knows of none.

The words are those of the Hermes and Qwen2.5 models' own templates (Apache-2.0), which many small
models have seen in training.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_OFFER = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


def offered_in_words(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the messages with the tools, each as JSON, at the end of the system message."""
    offer = _OFFER.format(tools="\n".join(tools))
    if messages and messages[0].get("role") == "system":
        first = {**messages[0], "content": f"{messages[0]['content']}\n\n{offer}"}
        return [first, *map(dict, messages[1:])]
    return [{"role": "system", "content": offer}, *map(dict, messages)]


def answered_in_words(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with what tools answered as words of the user, one turn for all.

    Templates without tools know the roles of system, user and assistant alone.
    """
    worded: list[dict[str, Any]] = []
    follows_tool = False
    for message in messages:
        is_tool = message.get("role") == "tool"
        if not is_tool:
            worded.append(dict(message))
        else:
            said = f"<tool_response>\n{message['content']}\n</tool_response>"
            if follows_tool:
                worded[-1]["content"] += "\n" + said
            else:
                worded.append({"role": "user", "content": said})
        follows_tool = is_tool
    return worded
