"""The checks of a whole set for tests: all real, without pauses."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.chosen_rules import ChosenRules
from desktop_app.state.examples.set_checks import SetChecks
from desktop_app.storage.project.rows import Filter
from tests.state.cost.cost_bench import CostBench

LONG = (
    "My parcel was due on Monday and is not here yet, though the page says that it was handed"
    " over to a neighbour of mine. Could you find out to whom it was given, please?"
)


def talk(asked: str, reply: str = "I will look into it for you.") -> Conversation:
    return Conversation((Message("user", asked), Message("assistant", reply)))


def different(n: int) -> list[Conversation]:
    return [talk(f"Is mug number {k} of {k * k} made of clay {k + n}?") for k in range(n)]


class Bench(CostBench):
    """The checks without pauses, and what they wrote."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        super().__init__(qtbot, folder)
        self.rules = ChosenRules(self.connections, self.open_project, self.prices.current)
        self.bulk = BulkEdit(self.open_project, self.runner)
        self.checks = SetChecks(self.open_project, self.rules, self.bulk, self.runner)
        self.checks._settle.setInterval(0)

    def until_checked(self) -> None:
        """Wait for the review, spare the pause, and wait for the rest."""

        def is_current() -> bool:
            if self.checks._quiet.isActive():
                self.checks._quiet.start(0)
            return self.checks.is_current

        self.qtbot.waitUntil(is_current, timeout=20_000)

    def finding(self, code: str) -> SetFinding | None:
        return next((each for each in self.checks.findings if each.code == code), None)

    def ids_with(self, code: str) -> list[int]:
        return list(self.open_project.project.ids(Filter(code=code)))
