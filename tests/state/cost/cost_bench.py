"""A project, its counting and its cost, all real."""

from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import CL100K, O200K, TokenCounter
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.provider.connections.engine_status import EngineStatus
from desktop_app.state.connections.connections import Connections
from desktop_app.state.cost.cost import CostState
from desktop_app.state.cost.token_counting import TokenCounting
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import SettingsFile
from tests.state.connections.connections_bench import ROOT, TODAY, price_list
from tests.state.examples.desk_bench import make_test_set

TOKENIZERS = ROOT / "resources" / "tokenizers"
COUNTER = TokenCounter(TOKENIZERS)
GPT35_IN_2023 = "gpt-3.5-turbo-0613@2023-08-22"
MINI = "gpt-4.1-mini-2025-04-14"


def conversation(words: int, reply: str = "yes") -> Conversation:
    """A conversation whose tokens grow with the words, one each."""
    return Conversation((Message("user", " a" * words), Message("assistant", reply)))


def of_tokens(tokens: int, encoding: str) -> Conversation:
    """A conversation of this many tokens."""
    small = COUNTER.count(conversation(1), encoding)
    return conversation(tokens - small + 1)


class CostBench:
    """Leave the `with` block to end everything."""

    def __init__(self, qtbot: QtBot, folder: Path, tokenizers: Path = TOKENIZERS) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.today: date = TODAY
        self.notices: list[Notice] = []
        hub = Notices()
        hub.posted.connect(self.notices.append)
        self._hub = hub
        self.runner = TaskRunner()
        self.preferences = Preferences(SettingsFile(folder / "settings.json"), hub)
        engine = EngineProcess(folder / "engine", command=("/bin/false",))
        self.prices = price_list()
        self.connections = Connections(
            self.preferences,
            Secrets(),
            engine,
            self.runner,
            hub,
            self.prices.current,
            today=lambda: self.today,
        )
        self.open_project = OpenProject()
        counter = COUNTER if tokenizers == TOKENIZERS else TokenCounter(tokenizers)
        self.counting = TokenCounting(self.open_project, counter, self.runner)
        self.counting._settle.setInterval(0)
        self.test_set = make_test_set(self.open_project, self.runner)
        self.cost = CostState(
            self.open_project, self.connections, self.counting, self.prices, self.test_set
        )

    def create(self, conversations: list[Conversation], name: str = "shop") -> None:
        self.open_project.create(self.folder / f"{name}.exemplar")
        self.open_project.add(conversations)

    def until_counted(self) -> None:
        def counted() -> bool:
            return all(self.counting.result(each) is not None for each in (CL100K, O200K))

        self.qtbot.waitUntil(counted, timeout=20_000)

    def measured(self, tokens_per_second: float | None) -> None:
        """As if the engine had said how fast it trains."""
        status = EngineStatus(
            training_tokens_per_second=tokens_per_second, models=("smollm2-135m-instruct",)
        )
        self.connections.engine.status = status
        self.connections.changed.emit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open_project.close()
        assert self.runner.shut_down()
