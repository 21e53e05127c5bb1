"""The chat in front: who is asked what, what has come, and what is made of it."""

import time
import uuid
from collections.abc import Iterable

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.provider import ChatDelta, ChatRequest, ProviderError
from desktop_app.state.chat.chat_list import ChatList
from desktop_app.state.chat.document import DONE, FAILED, STOPPED, ChatDocument, Reply, Turn
from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.chat.model_choices import ModelChoices
from desktop_app.state.chat.reply_stream import ReplyStream, StreamEnd
from desktop_app.state.chat.training_instructions import TrainingInstructions
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.plan import TunedModel
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.errors import ProjectError

SAVE_AFTER_MS = 700
TOPIC = "chat"

replace = msgspec.structs.replace


class Chat(QObject):
    """One chat at a time; those of the project are in `chats`.

    `replaced`: another chat, or turns taken away. `reply_changed`: turn, column. `kept_changed`:
    which replies are examples. `settings_changed`: models, instructions, creativity, length.
    """

    replaced = Signal()
    turn_added = Signal()
    reply_changed = Signal(int, int)
    kept_changed = Signal()
    settings_changed = Signal()
    streaming_changed = Signal(bool)

    def __init__(
        self,
        open_project: OpenProject,
        jobs: Jobs,
        connections: Connections,
        runner: TaskRunner,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._connections = connections
        self._runner = runner
        self._notices = notices
        self._streams: list[ReplyStream] = []
        self._deleted: ChatDocument | None = None
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(SAVE_AFTER_MS)
        self._save_timer.timeout.connect(self.save)
        self.choices = ModelChoices(jobs, connections, open_project, "chat_models", self)
        self.chats = ChatList(open_project, runner, self)
        self.training_instructions = TrainingInstructions(open_project, runner, self)
        self.document = self._empty()
        jobs.chat_requested.connect(self.talk_to)
        self.choices.changed.connect(self._follow_choices)
        self.chats.loaded.connect(self._show_newest)
        self.chats.unreadable.connect(self._tell_unreadable)
        self.training_instructions.changed.connect(self.settings_changed)
        open_project.opened.connect(self._start_over)
        open_project.closing.connect(self._leave_off)
        open_project.closed.connect(self._start_over)
        open_project.changed.connect(self.kept_changed)

    # Which chat

    @property
    def is_open(self) -> bool:
        """Whether there is a project to keep chats in."""
        return self._open_project.is_open

    @property
    def is_streaming(self) -> bool:
        return bool(self._streams)

    def start_new(self) -> None:
        """Begin a chat with the models and settings of the present one."""
        self.stop()
        self.save()
        before = self.document
        self._show(
            replace(
                self._empty(),
                model=before.model,
                against=before.against,
                temperature=before.temperature,
                longest_reply=before.longest_reply,
            )
        )

    def show(self, id: str) -> None:
        """Go on with a kept chat."""
        place = self.chats.position_of(id)
        if id == self.document.id or place is None:
            return
        self.stop()
        self.save()
        self._show(self.chats.documents[place])

    def delete(self, id: str) -> None:
        """Take a chat out of the project; the notice about it offers to bring it back."""
        if id == self.document.id:
            self.stop()
            self.save()
        place = self.chats.position_of(id)
        if place is None:
            return
        document = self.chats.documents[place]
        was_in_front = id == self.document.id
        if was_in_front:
            # First of all, lest whoever follows the list has it saved again.
            self._save_timer.stop()
            self.document = self._empty()
        try:
            self.chats.remove(id)
        except ProjectError as error:
            self._tell(self.tr("The chat could not be deleted."), error)
            self._show(document if was_in_front else self.document)
            return
        if was_in_front and not self.document.turns:
            left = self.chats.documents
            self._show(left[min(place, len(left) - 1)] if left else self.document)
        self._deleted = document
        undo = Remedy(self.tr("Undo"), self.restore)
        self._notices.post(Notice(self.tr("Chat deleted"), "good", remedy=undo, topic=TOPIC))

    def restore(self) -> None:
        """Bring back the chat that was deleted last."""
        document, self._deleted = self._deleted, None
        if document is not None and self._open_project.is_open:
            self.chats.save(document)
            self.show(document.id)

    # How it is asked

    @property
    def instructions(self) -> str:
        """The system instructions that the next message goes with."""
        own = self.document.instructions
        return own if own is not None else self.training_instructions.found or ""

    @property
    def are_instructions_trained(self) -> bool | None:
        """Whether they are those of the training set; None if there is nothing to compare with."""
        trained = self.training_instructions.found
        return None if trained is None else self.instructions.strip() == trained.strip()

    def set_instructions(self, text: str) -> None:
        same = text == self.training_instructions.found
        self._change(instructions=None if same else text)

    def reset_instructions(self) -> None:
        """Take those of the training set again."""
        self._change(instructions=None)

    def set_temperature(self, temperature: float) -> None:
        self._change(temperature=temperature)

    def set_longest_reply(self, tokens: int) -> None:
        self._change(longest_reply=tokens)

    @Slot(object)
    def talk_to(self, tuned: TunedModel) -> None:
        """Begin a chat with a model that a job made."""
        choice = self.choices.of(tuned)
        if choice is not None:
            self.start_new()
            self._change(model=choice, against=None)

    def choose_model(self, choice: ModelChoice) -> None:
        self._change(model=choice)

    def choose_against(self, choice: ModelChoice | None) -> None:
        """Ask a second model the same, or no longer."""
        self._change(against=choice)

    # Talking

    def send(self, text: str) -> None:
        """Say something to the model, or to both."""
        if self.document.model is None or self.is_streaming or not text.strip():
            return
        models = [self.document.model, *filter(None, [self.document.against])]
        turn = Turn(text, tuple(Reply(model) for model in models))
        self.document = replace(
            self.document,
            instructions=self.instructions,
            turns=(*self.document.turns, turn),
        )
        self.turn_added.emit()
        last = len(self.document.turns) - 1
        self._ask(last, range(len(models)))
        self.save()

    def say_again(self, text: str) -> None:
        """Take back the last turn and say this in its place."""
        if self.is_streaming or not self.document.turns or not text.strip():
            return
        self.document = replace(self.document, turns=self.document.turns[:-1])
        self.replaced.emit()
        self.send(text)

    def retry(self, column: int) -> None:
        """Ask for the last turn's reply in a column once more; the old one goes."""
        turn = len(self.document.turns) - 1
        if self.is_streaming or turn < 0:
            return
        old = self.document.turns[turn].replies[column]
        self._put(turn, column, Reply(old.model))
        self._ask(turn, [column])

    @Slot()
    def stop(self) -> None:
        """End what is being written; what has come stays."""
        for stream in list(self._streams):
            stream.stop()

    # Keeping

    def is_kept(self, turn: int, column: int) -> bool:
        """Whether the conversation up to this reply is among the examples."""
        example = self.document.turns[turn].replies[column].example
        if example is None or not self._open_project.is_open:
            return False
        return self._open_project.project.is_live(example)

    def keep(self, turn: int, column: int) -> None:
        """Add the conversation up to this reply to the examples."""
        conversation = self.document.example(turn, column)
        if conversation is None or not self._open_project.is_open:
            return
        try:
            [id] = self._open_project.add([conversation])
        except ProjectError as error:
            self._tell(self.tr("The example could not be added to the project."), error)
            return
        reply = self.document.turns[turn].replies[column]
        self._put(turn, column, replace(reply, example=id))
        self.save()

    def correct_and_keep(self, turn: int, column: int, text: str) -> None:
        """Put better words in a reply's place and add the conversation to the examples."""
        reply = self.document.turns[turn].replies[column]
        corrected = text if text != reply.text else ""
        self._put(turn, column, replace(reply, corrected=corrected))
        self.keep(turn, column)

    @Slot()
    def save(self) -> None:
        """Put the chat on disk; an empty one is not kept."""
        self._save_timer.stop()
        if not self._open_project.is_open or not self.document.turns:
            return
        try:
            self.chats.save(self.document)
        except ProjectError as error:
            self._tell(self.tr("The chat could not be saved in the project."), error)

    # Within

    def _empty(self) -> ChatDocument:
        return ChatDocument(str(uuid.uuid4()), time.time(), *self.choices.start())

    def _show(self, document: ChatDocument) -> None:
        self.document = document
        self.replaced.emit()
        self.settings_changed.emit()

    def _change(self, **changes: object) -> None:
        changed = replace(self.document, **changes)
        if changed != self.document:
            self.document = changed
            if changes.keys() & {"model", "against"}:
                self.choices.keep(changed.model, changed.against)
            self._save_timer.start()
            self.settings_changed.emit()

    def _ask(self, turn: int, columns: Iterable[int]) -> None:
        for column in columns:
            model = self.document.turns[turn].replies[column].model
            request = ChatRequest(
                model=model.model,
                messages=self.document.messages(turn, column),
                temperature=self.document.temperature,
                max_tokens=self.document.longest_reply,
            )
            stream = ReplyStream(
                self._runner, self._connections, model.connection, request, self,
                turn=turn, column=column,
            )  # fmt: skip
            stream.grew.connect(self._grow)
            stream.ended.connect(self._end)
            self._streams.append(stream)
        self.streaming_changed.emit(True)

    def _put(self, turn: int, column: int, reply: Reply) -> None:
        self.document = self.document.with_reply(turn, column, reply)
        self.reply_changed.emit(turn, column)

    @Slot(object)
    def _grow(self, deltas: list[ChatDelta]) -> None:
        stream = self._sending_stream()
        reply = self.document.turns[stream.turn].replies[stream.column]
        self._put(stream.turn, stream.column, reply.grown(deltas))
        if not self._save_timer.isActive():
            self._save_timer.start()

    @Slot(object)
    def _end(self, end: StreamEnd) -> None:
        stream = self._sending_stream()
        self._streams.remove(stream)
        stream.deleteLater()
        reply = self.document.turns[stream.turn].replies[stream.column]
        state = STOPPED if end.stopped else FAILED if end.error else DONE
        problem, detail = self._reason(end.error)
        self._put(
            stream.turn,
            stream.column,
            replace(reply, state=state, seconds=end.seconds, problem=problem, detail=detail),
        )
        self.save()
        if not self._streams:
            self.streaming_changed.emit(False)
        if end.error is not None and not isinstance(end.error, ProviderError):
            raise end.error

    def _sending_stream(self) -> ReplyStream:
        stream = self.sender()
        assert isinstance(stream, ReplyStream)
        return stream

    def _reason(self, error: BaseException | None) -> tuple[str, str]:
        if error is None:
            return "", ""
        if isinstance(error, ProviderError):
            return describe(error)
        return self.tr("Something went wrong in this program. Try again."), ""

    def _tell(self, text: str, error: ProjectError) -> None:
        self._notices.post(Notice(text, level="bad", detail=str(error), topic=TOPIC))

    # Following the others

    @Slot()
    def _leave_off(self) -> None:
        """Keep what has come, and the settings that were just chosen."""
        self.stop()
        if self._save_timer.isActive():
            self.save()

    @Slot()
    def _start_over(self) -> None:
        for stream in self._streams:
            stream.blockSignals(True)
            stream.stop()
            stream.deleteLater()
        was_streaming, self._streams = bool(self._streams), []
        self._deleted = None
        self._save_timer.stop()
        self._show(self._empty())
        if was_streaming:
            self.streaming_changed.emit(False)

    @Slot()
    def _show_newest(self) -> None:
        if self.chats.documents and not self.document.turns:
            self._show(self.chats.documents[0])

    @Slot()
    def _follow_choices(self) -> None:
        if not self.document.turns:
            model, against = self.choices.start(self.document.model, self.document.against)
            self.document = replace(self.document, model=model, against=against)
        self.settings_changed.emit()

    @Slot(object)
    def _tell_unreadable(self, count: int) -> None:
        text = self.tr("Chats that are damaged and not shown: {n}.").format(n=count)
        self._notices.post(Notice(text, level="warning", topic=TOPIC))
