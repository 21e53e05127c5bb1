from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.message_tokens import MessageTokens
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.conversation_editor import ConversationEditor
from desktop_app.ui.theme import RESOURCES
from tests.ui.examples.editor.editor_bench import Bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    runner = TaskRunner()
    project = OpenProject()
    edited = EditedConversation(project)
    tokens = MessageTokens(TokenCounter(RESOURCES / "tokenizers"), runner)
    actions = Actions(project)
    editor = ConversationEditor(edited, tokens, actions, runner)
    qtbot.addWidget(editor)
    editor.resize(800, 700)
    editor.show()
    project.create(tmp_path / "one.exemplar")
    yield Bench(project, edited, editor, actions, runner)
    project.close()
    assert runner.shut_down()
