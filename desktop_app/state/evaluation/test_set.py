"""The conversations held out for the test, made ready for an evaluation by a worker."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop_app.background.call import BlockingWork, Report
from desktop_app.core.evaluation.report import Case
from desktop_app.core.examples.conversation import ASSISTANT, USER, Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


@dataclass(frozen=True)
class TestCase:
    """A case with what the models are asked: `context`, to which `wanted` is the reply.

    `tools` is the JSON text of the conversation's list of tools, "" for none.
    """

    __test__ = False  # Its name is no test's.

    case: Case
    context: tuple[Message, ...]
    wanted: Message
    tools: str = ""


@dataclass(frozen=True)
class TestSet:
    """`cases` without doubles; `skipped` have no reply to compare with."""

    __test__ = False

    cases: tuple[TestCase, ...] = ()
    skipped: int = 0

    @property
    def fingerprint(self) -> str:
        """The same for the same contents, in whatever order."""
        return _hash(sorted(each.case.key for each in self.cases))


def reading(path: Path) -> BlockingWork:
    """The work that reads a project's test set; its result is a TestSet."""

    def read(_report: Report, should_stop: Callable[[], bool]) -> TestSet:
        project = Project.open(path, shared=True)
        try:
            return gather(project.as_trained(Split.TEST), should_stop)
        finally:
            project.close()

    return read


def gather(
    conversations: Iterable[tuple[int, Conversation]], should_stop: Callable[[], bool]
) -> TestSet:
    """Collect (id, conversation) into a test set."""
    cases: dict[str, TestCase] = {}
    skipped = 0
    for id, conversation in conversations:
        if should_stop():
            break
        made = as_case(id, conversation)
        if made is None:
            skipped += 1
        else:
            cases.setdefault(made.case.key, made)
    return TestSet(tuple(cases.values()), skipped)


def as_case(id: int, conversation: Conversation) -> TestCase | None:
    """The last reply that is to be learned from, and all before it; None if there is none."""
    messages = conversation.messages
    for place in range(len(messages) - 1, 0, -1):
        wanted = messages[place]
        if wanted.is_learned_from and wanted.text.strip() and not wanted.tool_calls:
            context = messages[:place]
            case = Case(
                key=_hash([context, wanted.text]),
                id=id,
                title=conversation.title,
                asked=next((m.text for m in reversed(context) if m.role == USER), ""),
                wanted=wanted.text,
            )
            return TestCase(case, context, Message(ASSISTANT, wanted.text), conversation.tools)
    return None


def _hash(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:32]
