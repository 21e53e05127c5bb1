"""Sound training lines of other kinds than plain conversations."""

import json


def preference_lines(n: int) -> list[str]:
    """Return sound preference examples, each a little different."""
    lines = []
    for number in range(n):
        question = {"role": "user", "content": f"what is {number} and {number + 1}"}
        preferred = {"role": "assistant", "content": f"the answer is {number}"}
        other = {"role": "assistant", "content": f"it is a secret that {number} has with us all"}
        line = {
            "input": {"messages": [question], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [preferred],
            "non_preferred_output": [other],
        }
        lines.append(json.dumps(line))
    return lines


def tool_line(number: int = 0, **line: object) -> str:
    """Return a conversation with a call of a tool, its answer, and two replies."""
    arguments = json.dumps({"city": f"town {number}"})
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": "get_weather", "arguments": arguments},
    }
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": f"is it raining in town {number}"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": '{"rain": true}'},
        {"role": "assistant", "content": "it is raining"},
        {"role": "user", "content": "thanks"},
        {"role": "assistant", "content": "at your service"},
    ]
    return json.dumps({"messages": messages, "tools": [WEATHER]} | line)


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a town",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
