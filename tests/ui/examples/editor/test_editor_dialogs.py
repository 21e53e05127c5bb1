import json

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.core.examples.tool_schema import Kind
from desktop_app.ui.examples.editor.shared_instructions_dialog import SharedInstructionsDialog
from desktop_app.ui.examples.editor.tools_dialog import ToolsDialog
from tests.ui.examples.editor.editor_bench import TOOLS, Bench, calling, chat
from tests.ui.test_accessible import traps, unnamed


def instructions_dialog(bench: Bench) -> SharedInstructionsDialog:
    bench.actions.shared_instructions.trigger()
    return bench.editor.findChildren(SharedInstructionsDialog)[-1]


def tools_dialog(bench: Bench, tools: str = TOOLS) -> ToolsDialog:
    bench.show(Conversation((Message("user", "q"), Message("assistant", "a")), tools))
    bench.editor.edit_tools.click()
    return bench.editor.findChildren(ToolsDialog)[-1]


def close(qtbot: QtBot, dialog: QDialog) -> None:
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()


def test_tools_of_which_none_was_changed_stay_as_written(bench: Bench) -> None:
    dialog = tools_dialog(bench)
    assert [dialog.list.item(n).text() for n in range(2)] == ["find_order", "refund"]
    dialog.list.setCurrentRow(1)
    dialog.page.as_json.click()
    dialog.page.as_json.click()
    dialog.accept()
    assert bench.edited.conversation.tools == TOOLS
    assert bench.project.undo_entry is not None
    assert bench.project.undo_entry.label == "add"


def test_a_tool_is_added_described_and_given_parameters(bench: Bench) -> None:
    dialog = tools_dialog(bench, "")
    dialog.add.click()
    dialog.page.name.setText("open_hours")
    QTest.keyClicks(dialog.page.description, "When the shop is open")
    dialog.page.add.click()
    row = dialog.page.rows[0]
    row.name.setText("day")
    row.required.setChecked(True)
    row.kind.setCurrentIndex(row.kind.findData(Kind.CHOICE))
    row.kind.activated.emit(0)
    assert not row.choices.isHidden()
    row.choices.setText("today, tomorrow")
    dialog.accept()
    [tool] = json.loads(bench.edited.conversation.tools)
    assert tool["function"]["description"] == "When the shop is open"
    assert tool["function"]["parameters"]["properties"] == {
        "day": {"type": "string", "enum": ["today", "tomorrow"]}
    }
    assert tool["function"]["parameters"]["required"] == ["day"]
    bench.project.undo()
    assert bench.edited.conversation.tools == ""


def test_json_that_is_wrong_is_not_applied_and_stays(qtbot: QtBot, bench: Bench) -> None:
    dialog = tools_dialog(bench)
    dialog.page.as_json.click()
    dialog.page.raw.setPlainText('{"type": "function"')
    dialog.accept()
    assert dialog.isVisible()
    assert "JSON" in dialog.reason.text()
    dialog.list.setCurrentRow(1)
    assert dialog.list.currentRow() == 0
    assert dialog.page.raw.words == '{"type": "function"'
    dialog.page.as_json.click()
    assert dialog.page.as_json.isChecked()
    dialog.page.raw.setPlainText('{"name": "other"}')
    dialog.accept()
    assert [t["name"] for t in json.loads(bench.edited.conversation.tools)[:1]] == ["other"]


def test_names_of_parameters_are_asked_for(qtbot: QtBot, bench: Bench) -> None:
    dialog = tools_dialog(bench)
    dialog.page.add.click()
    dialog.page.rows[-1].description.setText("of what?")
    dialog.accept()
    assert "no name" in dialog.reason.text()
    dialog.page.rows[-1].name.setText("number")
    dialog.accept()
    assert "same name" in dialog.reason.text()
    close(qtbot, dialog)


def test_a_list_that_cannot_be_read_is_shown_as_it_is(bench: Bench) -> None:
    dialog = tools_dialog(bench, '[{"name": "a"},')
    assert dialog.list.isHidden() or not dialog.list.isVisible()
    assert dialog.whole.words == '[{"name": "a"},'
    assert dialog.reason.text()
    dialog.whole.setPlainText('[{"name": "a"}]')
    dialog.accept()
    assert bench.edited.conversation.tools == '[{"name": "a"}]'


def test_removing_every_tool(bench: Bench) -> None:
    dialog = tools_dialog(bench)
    dialog.remove.click()
    dialog.remove.click()
    assert not dialog.remove.isEnabled()
    dialog.accept()
    assert bench.edited.conversation.tools == ""


def test_instructions_for_all_and_for_a_tag(bench: Bench) -> None:
    id = bench.show(chat("one", "two"))
    bench.project.edit(lambda project: project.set_tag((id,), "returns", on=True), (id,))
    dialog = instructions_dialog(bench)
    QTest.keyClicks(dialog.boxes[0].box, "Be brief.")
    dialog.more.setCurrentIndex(1)
    dialog.more.activated.emit(1)
    QTest.keyClicks(dialog.boxes[1].box, "Be kind.")
    assert dialog.more.isHidden()
    dialog.accept()
    shared = bench.edited.shared_instructions
    assert shared == SharedInstructions("Be brief.", {"returns": "Be kind."})
    assert bench.editor.shared.text.text() == "Be kind."
    assert "returns" in bench.editor.shared.shared_by.text()
    assert bench.project.undo_entry is not None
    assert bench.project.undo_entry.label == "instructions"


def test_leaving_the_instructions_as_they_are_is_no_step(bench: Bench) -> None:
    bench.show(chat("one", "two"))
    instructions_dialog(bench).accept()
    assert bench.project.undo_entry is not None
    assert bench.project.undo_entry.label == "add"


def test_all_can_be_used_by_keyboard_and_by_ear(qtbot: QtBot, bench: Bench) -> None:
    dialog = tools_dialog(bench)
    dialog.page.add.click()
    assert unnamed(dialog) == []
    assert traps(dialog) == []
    close(qtbot, dialog)
    shared = instructions_dialog(bench)
    assert unnamed(shared) == []
    close(qtbot, shared)
    bench.show(calling('{"number": "1"}'))
    bench.editor.commands.take(1)
    bench.editor.commands.actions.answer.trigger()
    assert unnamed(bench.editor) == []
    assert traps(bench.editor) == []
