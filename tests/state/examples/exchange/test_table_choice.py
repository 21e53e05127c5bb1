from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.table import TableError
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.exchange.table_choice import TableChoice


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    result = TaskRunner()
    yield result
    assert result.shut_down()


def choice_of(qtbot: QtBot, runner: TaskRunner, text: str) -> TableChoice:
    source = Source.of_text("pasted", text)
    choice = TableChoice(runner, source, detect(source.data))
    with qtbot.waitSignal(choice.changed), qtbot.waitSignal(choice.counted):
        choice.load()
    return choice


def test_columns_have_names_samples_and_guessed_roles(qtbot: QtBot, runner: TaskRunner) -> None:
    choice = choice_of(qtbot, runner, "Question\tAnswer\nWhere?\tHere.\n\tThere.\nWhen?\tNow.\n")
    assert choice.mapping.roles == (Role.USER, Role.ASSISTANT)
    assert [choice.column_name(place) for place in range(2)] == ["Question", "Answer"]
    assert choice.samples(0, 5) == ["Where?", "When?"]
    assert choice.count is not None
    assert (choice.count.rows, choice.count.is_all) == (4, True)


def test_what_comes_out_follows_every_choice(qtbot: QtBot, runner: TaskRunner) -> None:
    choice = choice_of(qtbot, runner, "Question\tAnswer\nWhere?\tHere.\n")
    assert len(choice.preview()) == 1
    with qtbot.waitSignal(choice.changed):
        choice.set_header(on=False)
    assert len(choice.preview()) == 2
    assert choice.column_name(0) == ""
    choice.set_role(1, Role.SYSTEM)
    first = choice.preview()[0]
    assert isinstance(first, Imported)
    assert [message.role for message in first.conversation.messages] == ["system", "user"]
    choice.set_role(0, Role.IGNORE)
    assert not choice.can_import
    assert choice.preview() == []


def test_broken_letters_are_shown_with_their_repair(qtbot: QtBot, runner: TaskRunner) -> None:
    choice = choice_of(qtbot, runner, "Question\tAnswer\n" + "Das PÃ¤ckchen?\tMorgen frÃ¼h.\n" * 4)
    assert ("Morgen frÃ¼h.", "Morgen früh.") in choice.repairs()
    choice.set_repair(on=True)
    first = choice.preview()[0]
    assert isinstance(first, Imported)
    assert first.conversation.messages[0].text == "Das Päckchen?"
    assert choice.reading.repair_mojibake


def test_a_table_that_cannot_be_opened_says_why(
    qtbot: QtBot, runner: TaskRunner, tmp_path: Path
) -> None:
    file = tmp_path / "not.xlsx"
    file.write_bytes(b"PK\x03\x04 [Content_Types].xml xl/ and nothing more")
    source = Source.of_file(file)
    choice = TableChoice(runner, source, detect(file.read_bytes(), file.name))
    with qtbot.waitSignal(choice.failed) as failed:
        choice.load()
    assert failed.args is not None
    assert isinstance(failed.args[0], TableError)
