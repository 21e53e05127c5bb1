"""Finding words in all conversations, and replacing them in all of these as one step."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.call import BlockingWork, Report, ShouldStop
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.examples.replacing import Replacer, Wanted
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

SHOWN = 200
"""Places that are shown before anything is replaced; all are counted."""

AROUND = 40
"""Characters on either side of a place that are shown with it."""


@dataclass(frozen=True)
class Place:
    """Where the words stand, and what stands around them; `id` is the conversation's."""

    id: int
    message_index: int
    before: str
    found: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a replacement would change: all of it counted, the first places to look at."""

    places: tuple[Place, ...] = ()
    occurrences: int = 0
    conversations: int = 0


class FindReplace(QObject):
    """Looks in the conversations of a filter. `found` carries a Preview, `failed` an exception."""

    found = Signal(object)
    failed = Signal(object)

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._looking = LatestTask(runner, self)
        self._looking.done.connect(self.found)
        self._looking.failed.connect(self.failed)
        open_project.closing.connect(self.stop)

    def look(self, wanted: Wanted, where: Filter) -> None:
        """Find all places; an earlier search that is still going on is given up."""
        if wanted.text and self._open_project.is_open:
            self._looking.run(_looking(self._open_project.path, wanted, where))
        else:
            self.stop()
            self.found.emit(Preview())

    @Slot()
    def stop(self) -> None:
        """Give up looking."""
        self._looking.stop()


def replacing(wanted: Wanted, by: str, where: Filter) -> Callable[[Project, ShouldStop], int]:
    """Make the step that replaces everywhere and returns in how many conversations."""

    def step(project: Project, should_stop: ShouldStop) -> int:
        replacer = Replacer(wanted)
        changes = [
            (id, replacer.replaced(conversation, by))
            for id, conversation in _candidates(project, wanted, where, should_stop)
            if replacer.occurrences(conversation)
        ]
        if changes and not should_stop():
            project.replace_many(changes, label="replace")
            return len(changes)
        return 0

    return step


def _looking(path: Path, wanted: Wanted, where: Filter) -> BlockingWork:
    def look(_report: Report, should_stop: ShouldStop) -> Preview:
        replacer = Replacer(wanted)
        places: list[Place] = []
        occurrences = conversations = 0
        with closing(Project.open(path, shared=True)) as project:
            for id, conversation in _candidates(project, wanted, where, should_stop):
                found = replacer.occurrences(conversation)
                occurrences += len(found)
                conversations += bool(found)
                for each in found[: SHOWN - len(places)]:
                    text = conversation.all_messages[each.message_index].text
                    places.append(_place(id, each.message_index, text, each.start, each.end))
        return Preview(tuple(places), occurrences, conversations)

    return look


def _candidates(
    project: Project, wanted: Wanted, where: Filter, should_stop: ShouldStop
) -> Iterator[tuple[int, Conversation]]:
    """Yield what the project's own search finds: it folds more than a replacement does.

    Where the list is searched for other words, these have to be there too.
    """
    inside = set(project.ids(where)) if where.text else None
    for id in list(project.search(replace(where, text=wanted.text), limit=None, stop=should_stop)):
        if should_stop():
            return
        if inside is None or id in inside:
            yield id, project.conversation(id)


def _place(id: int, message_index: int, text: str, start: int, end: int) -> Place:
    before = text[max(0, start - AROUND) : start]
    after = text[end : end + AROUND]
    return Place(
        id,
        message_index,
        ("…" if start > AROUND else "") + before.replace("\n", " "),
        text[start:end],
        after.replace("\n", " ") + ("…" if end + AROUND < len(text) else ""),
    )
