"""The Examples desk for tests: real parts, an engine that never comes up, a keyring in memory."""

from pathlib import Path

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import load_prices
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.connections.connections import Connections
from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.examples.test_set import TestSet
from desktop_app.state.notices import Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import SettingsFile


def make_test_set(open_project: OpenProject, runner: TaskRunner) -> TestSet:
    """Return what chooses the test set, and the project's being busy meanwhile."""
    bulk = BulkEdit(open_project, runner, open_project)
    bulk.busy_changed.connect(open_project.set_busy)
    return TestSet(bulk, _nothing, bulk)


def _nothing() -> None:
    """Nobody has looked at the texts yet."""


RESOURCES = Path(__file__).parents[3] / "resources"


def make_desk(
    folder: Path, runner: TaskRunner, preferences: Preferences | None = None
) -> ExamplesDesk:
    """Return a desk without a project; the caller shuts the runner down."""
    notices = Notices()
    prices = load_prices((RESOURCES / "prices" / "pricing.json").read_bytes()).current
    kept = preferences or Preferences(SettingsFile(folder / "settings.json"), notices)
    engine = EngineProcess(folder / "engine", command=("/bin/false",))
    connections = Connections(kept, Secrets(), engine, runner, notices, prices)
    counter = TokenCounter(RESOURCES / "tokenizers")
    return ExamplesDesk(OpenProject(runner=runner), connections, counter, prices, runner)
