"""The conversation editor over a real project, for the tests beside this file."""

import base64
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize
from PySide6.QtGui import QColor, QImage

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import (
    Conversation,
    FunctionCall,
    Message,
    ToolCall,
)
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.conversation_editor import ConversationEditor

TOOLS = (
    '[{"type":"function","function":{"name":"find_order","description":"Look it up","parameters":'
    '{"type":"object","properties":{"number":{"type":"string"},"limit":{"type":"integer"},'
    '"status":{"type":"string","enum":["open","sent"]},"all":{"type":"boolean"},'
    '"tags":{"type":"array","items":{"type":"string"}},'
    '"address":{"type":"object","properties":{"city":{"type":"string"}}},"other":{}},'
    '"required":["number"]}}},  {"type":"function","function":{"name":"refund"}}]'
)


@dataclass
class Bench:
    """Everything under the editor."""

    project: OpenProject
    edited: EditedConversation
    editor: ConversationEditor
    actions: Actions
    runner: TaskRunner

    def show(self, conversation: Conversation) -> int:
        """Put a conversation into the project and the editor."""
        [id] = self.project.add([conversation])
        self.edited.show(id)
        return id

    def texts(self) -> list[str]:
        return [message.text for message in self.edited.conversation.all_messages]


def chat(*texts: str) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(tuple(Message(roles[i % 2], text) for i, text in enumerate(texts)))


def calling(arguments: str, name: str = "find_order") -> Conversation:
    call = ToolCall("call_1", FunctionCall(name, arguments))
    return Conversation((Message("user", "q"), Message("assistant", tool_calls=(call,))), TOOLS)


def image_url(size: QSize, kind: str = "PNG") -> str:
    """A data URL of a plain image."""
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)  # type: ignore[call-overload]  # takes text for the format
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.data()).decode()}"
