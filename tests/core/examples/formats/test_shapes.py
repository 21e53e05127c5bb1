import json

import pytest

from desktop_app.core.examples.imported import Imported, Rejected
from tests.core.examples.formats.reading import read, said


def one(record: object) -> Imported:
    (item,) = read(json.dumps(record))
    assert isinstance(item, Imported), item
    return item


def refused(record: object) -> Rejected:
    (item,) = read(json.dumps(record))
    assert isinstance(item, Rejected), item
    return item


def turns(*pairs: tuple[str, str]) -> dict[str, object]:
    return {"conversations": [{"from": who, "value": what} for who, what in pairs]}


def test_sharegpt_speakers() -> None:
    record = turns(("system", "S"), ("human", "a"), ("gpt", "b"), ("user", "c"), ("bing", "d"))
    assert said(one(record)) == [
        ("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"),
    ]  # fmt: skip
    assert said(one(turns(("human", "a")) | {"system": "Be brief."}))[0] == ("system", "Be brief.")


def test_sharegpt_calls_are_answered_by_their_ids() -> None:
    tool = {"name": "find", "description": "Find a parcel", "parameters": {"type": "object"}}
    two = '[{"name": "find", "arguments": {"n": 1}}, {"name": "find", "arguments": "{}"}]'
    record = turns(
        ("human", "Where?"), ("function_call", '{"name": "find", "arguments": {"n": 7}}'),
        ("observation", "Leeds"), ("gpt", "In Leeds."), ("function_call", two),
        ("observation", '["Hull", {"at": "York"}]'), ("gpt", "Both."),
    ) | {"tools": json.dumps([tool])}  # fmt: skip
    conversation = one(record).conversation
    calls = [call for message in conversation.messages for call in message.tool_calls]
    assert [(c.id, c.function.name, c.function.arguments) for c in calls] == [
        ("call_1", "find", '{"n":7}'), ("call_2", "find", '{"n":1}'), ("call_3", "find", "{}"),
    ]  # fmt: skip
    answers = [(m.tool_call_id, m.text) for m in conversation.messages if m.role == "tool"]
    assert answers == [("call_1", "Leeds"), ("call_2", '"Hull"'), ("call_3", '{"at": "York"}')]
    assert json.loads(conversation.tools) == [{"type": "function", "function": tool}]


@pytest.mark.parametrize(
    ("tools", "text"), [("[]", ""), ([], ""), (None, ""), ("[{", "[{"), ('[{"type":"x"}]', None)]
)
def test_tools_are_kept_as_far_as_they_can_be(tools: object, text: str | None) -> None:
    found = one(turns(("human", "a")) | {"tools": tools}).conversation.tools
    assert found == (tools if text is None else text)


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        (turns(("human", "a"), ("judge", "b")), "unknown_role", "Turn 2 is from “judge”"),
        (turns(("function_call", "find it")), "call_not_json", "Turn 1: the call"),
        ({"conversations": ["a"]}, "wrong_type", "Turn 1 is text"),
        ({"conversations": [{"value": "a"}]}, "no_role", "Turn 1 has no “from”"),
        ({"conversations": [{"from": "gpt", "value": {}}]}, "wrong_type", "Turn 1: “value” is an"),
    ],
)
def test_sharegpt_names_the_turn_at_fault(record: object, reason: str, detail: str) -> None:
    rejected = refused(record)
    assert rejected.reason == reason
    assert rejected.detail.startswith(detail)


def test_alpaca() -> None:
    record = {"instruction": "Translate", "input": "parcel", "output": "colis", "system": "S",
              "history": [["a", "b"]], "category": "words", "id": 5}  # fmt: skip
    item = one(record)
    assert said(item) == [
        ("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "Translate\nparcel"),
        ("assistant", "colis"),
    ]  # fmt: skip
    assert (item.tags, item.conversation.extra) == (("words",), "")
    assert (
        refused(record | {"history": [["a"]]}).detail
        == "“history”, pair 1 is no list of two texts."
    )
    assert refused(record | {"output": ["x"]}).reason == "wrong_type"


def test_prompt_and_completion_without_their_marks() -> None:
    assert said(one({"prompt": "Where?\n\n###\n\n", "completion": " Here. END"})) == [
        ("user", "Where?"), ("assistant", "Here."),
    ]  # fmt: skip
    # A stop text is one only where the prompt has a separator.
    assert said(one({"prompt": "Where? ", "completion": "  THE END"})) == [
        ("user", "Where? "), ("assistant", " THE END"),
    ]  # fmt: skip
    other = {"question": "Where?", "answer": " Here.", "tags": ["a", "b", "a"], "system": "S"}
    assert said(one(other))[1:] == [("user", "Where?"), ("assistant", " Here.")]
    assert one(other).tags == ("a", "b")


def test_prompt_and_completion_of_messages() -> None:
    asked = [{"role": "user", "content": "Where?"}]
    reply = {"role": "assistant", "content": "Here."}
    for completion in (reply, [reply]):
        assert said(one({"prompt": asked, "completion": completion})) == [
            ("user", "Where?"), ("assistant", "Here."),
        ]  # fmt: skip
    broken = refused({"prompt": [{"content": "x"}], "completion": "y"})
    assert broken.detail == "“prompt”: Message 1 has no “role”."


ASK = {"role": "user", "content": "Where?"}
GOOD, BAD = ({"role": "assistant", "content": text} for text in ("Here.", "Dunno."))
TURN_GOOD, TURN_BAD = ({"from": "gpt", "value": text} for text in ("Here.", "Dunno."))


@pytest.mark.parametrize(
    "record",
    [
        {"input": {"messages": [ASK]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
        {"input": {"messages": [ASK]}, "preferred_completion": [GOOD],
         "non_preferred_completion": [BAD]},
        {"prompt": "Where?", "chosen": "Here.", "rejected": "Dunno."},
        {"prompt": [ASK], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "Where?", "chosen": [ASK, GOOD], "rejected": [ASK, BAD]},
        {"chosen": [ASK, GOOD], "rejected": [ASK, BAD], "score": 1},
        {"messages": [ASK], "chosen": GOOD, "rejected": BAD},
        {"instruction": "Where?", "chosen": "Here.", "rejected": "Dunno."},
        turns(("human", "Where?")) | {"chosen": TURN_GOOD, "rejected": TURN_BAD},
    ],
)  # fmt: skip
def test_two_replies_in_all_spellings(record: object) -> None:
    conversation = one(record).conversation
    assert [m.text for m in conversation.messages] == ["Where?"]
    assert [m.text for m in conversation.preferred or ()] == ["Here."]
    assert [m.text for m in conversation.non_preferred or ()] == ["Dunno."]
    assert conversation.extra == ""


def test_two_replies_to_nothing() -> None:
    assert refused({"chosen": "a", "rejected": "b"}).reason == "no_prompt"
    assert refused({"prompt": "x", "chosen": 5, "rejected": "b"}).detail.startswith("“chosen”")
