import json

from PySide6.QtTest import QTest

from desktop_app.core.examples.conversation import Message
from desktop_app.ui.examples.editor.argument_fields import ArgumentField
from desktop_app.ui.examples.editor.tool_call_form import ToolCallForm
from tests.ui.examples.editor.editor_bench import Bench, calling

WRITTEN = '{ "limit":1.0e1 , "number": "4471", "address":{"city":"Kirkwall"}}'


def form_of(bench: Bench, place: int = 0) -> ToolCallForm:
    calls = bench.editor.card(1).calls
    assert calls is not None
    return calls.forms[place]


def arguments(bench: Bench) -> str:
    return bench.edited.conversation.messages[1].tool_calls[0].function.arguments


def field(bench: Bench, name: str) -> ArgumentField:
    form = form_of(bench).form
    assert form is not None
    return next(each for each in form.fields if each.field.name == name)


def test_a_call_is_a_form_and_stays_as_written_until_it_is_changed(bench: Bench) -> None:
    text = WRITTEN.replace("1.0e1", "10")
    bench.show(calling(text))
    form = form_of(bench)
    assert form.name.currentText() == "find_order"
    assert form.raw.isHidden()
    form.as_json.click()
    assert form.raw.words == text
    form.as_json.click()
    assert arguments(bench) == text
    assert bench.edited.is_written


def test_each_kind_of_argument_is_changed(bench: Bench) -> None:
    bench.show(calling('{"number": "4471"}'))
    number, limit = field(bench, "number"), field(bench, "limit")
    QTest.keyClicks(number.editor, "0")  # type: ignore[attr-defined]  # a text box
    QTest.keyClicks(limit.editor, "12")  # type: ignore[attr-defined]  # a line
    for name, row in (("status", 2), ("all", 1)):
        box = field(bench, name).editor  # type: ignore[attr-defined]  # a box
        box.setCurrentIndex(row)
        box.activated.emit(row)
    QTest.keyClicks(field(bench, "tags").editor, "a, b")  # type: ignore[attr-defined]  # a text box
    city = field(bench, "address").form.fields[0]  # type: ignore[attr-defined]  # an object
    QTest.keyClicks(city.editor, "Kirkwall")
    assert json.loads(arguments(bench)) == {
        "number": "04471", "limit": 12, "status": "sent", "all": True, "tags": ["a, b"],
        "address": {"city": "Kirkwall"},
    }  # fmt: skip
    limit.editor.clear()  # type: ignore[attr-defined]  # a line
    limit.editor.textEdited.emit("")  # type: ignore[attr-defined]  # a line
    assert "limit" not in json.loads(arguments(bench))


def test_what_is_not_right_yet_is_told_and_not_kept(bench: Bench) -> None:
    bench.show(calling('{"number": "1"}'))
    for name, typed in (("limit", "1.5"), ("other", "{")):
        each = field(bench, name)
        QTest.keyClicks(each.editor, typed)  # type: ignore[attr-defined]  # a text box or line
        assert each.problem.text()
    assert json.loads(arguments(bench)) == {"number": "1", "limit": 1}
    QTest.keyClicks(field(bench, "other").editor, "}")  # type: ignore[attr-defined]  # a text box
    assert json.loads(arguments(bench))["other"] == {}
    assert not field(bench, "other").problem.text()


def test_arguments_that_do_not_fit_are_shown_as_json_with_the_reason(bench: Bench) -> None:
    bench.show(calling('{"nr": 1}'))
    form = form_of(bench)
    assert form.form is None
    assert form.raw.words == '{"nr": 1}'
    assert "nr" in form.reason.text()
    form.raw.selectAll()
    QTest.keyClicks(form.raw, '{"number": "1"')
    assert "JSON" in form.reason.text()
    QTest.keyClicks(form.raw, "}")
    assert not form.reason.text()
    assert arguments(bench) == '{"number": "1"}'
    form.as_json.click()
    assert form.form is not None


def test_a_tool_that_is_not_listed_is_called_as_json(bench: Bench) -> None:
    bench.show(calling("{}", name="unknown"))
    form = form_of(bench)
    assert form.raw.isVisible()
    assert form.reason.text()
    form.name.setCurrentIndex(0)
    form.name.activated.emit(0)
    assert bench.edited.conversation.messages[1].tool_calls[0].function.name == "find_order"
    assert form.form is not None


def test_calls_are_added_answered_and_taken_back(bench: Bench) -> None:
    bench.show(calling('{"number": "1"}'))
    bench.editor.add_call.click()
    calls = bench.edited.conversation.messages[1].tool_calls
    assert [call.id for call in calls] == ["call_1", "call_2"]
    bench.editor.commands.take(1)
    for _ in calls:
        bench.editor.commands.take(1)
        bench.editor.commands.actions.answer.trigger()
    answers = bench.edited.conversation.messages[2:]
    assert [answer.tool_call_id for answer in answers] == ["call_1", "call_2"]
    assert not bench.editor.commands.actions.answer.isEnabled() or bench.editor.commands.index != 1
    form_of(bench, 1).remove.click()
    assert len(bench.edited.conversation.messages[1].tool_calls) == 1
    assert form_of(bench, 1).isHidden()


def test_a_call_is_added_after_the_user_by_a_new_reply(bench: Bench) -> None:
    tools = calling("{}").tools
    bench.show(calling("{}").__class__((Message("user", "q"),), tools))
    bench.editor.add_call.click()
    [_, reply] = bench.edited.conversation.messages
    assert reply.tool_calls[0].function.name == "find_order"
