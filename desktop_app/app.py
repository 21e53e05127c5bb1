"""Builds every object, wires them and runs: the only file that knows them all."""

import gc
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QStandardPaths, QTranslator, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from desktop_app import __version__
from desktop_app.background.gc_timer import GcTimer
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.prices import load_prices
from desktop_app.core.cost.tokens import TokenCounter
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.chat.chat import Chat
from desktop_app.state.connections.connections import Connections
from desktop_app.state.cost.cost import CostState
from desktop_app.state.cost.token_counting import TokenCounting
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.saving import ModelSavings
from desktop_app.state.navigation import TABS, Navigation
from desktop_app.state.notices import Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.secrets import Secrets
from desktop_app.storage.settings import SettingsFile
from desktop_app.ui.actions import Actions
from desktop_app.ui.button_menu import ButtonMenu
from desktop_app.ui.chat.chat_page import ChatPage
from desktop_app.ui.closing import Closing
from desktop_app.ui.connections.connection_picker import ConnectionPicker
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from desktop_app.ui.cost.cost_page import CostPage
from desktop_app.ui.error_notices import ErrorNotices
from desktop_app.ui.evaluate.evaluate_page import EvaluatePage
from desktop_app.ui.examples.examples_page import ExamplesPage
from desktop_app.ui.examples.step_line import BulkStrip
from desktop_app.ui.exchange_strip import ExchangeStrip
from desktop_app.ui.jobs.jobs_page import JobsPage
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.notice_bar import NoticeBar
from desktop_app.ui.project_files import ProjectFiles
from desktop_app.ui.theme import RESOURCES, Theme

SWITCH_INTERVAL = 0.001
"""Seconds a worker thread may hold the interpreter while the window waits (Python's own: 5 ms)."""


@dataclass(frozen=True)
class Places:
    """Where things are kept: settings and log, the engine's store, new projects."""

    config: Path
    engine: Path
    projects: Path

    @classmethod
    def standard(cls) -> "Places":
        """The places that this system has for them."""
        location = QStandardPaths.StandardLocation
        config = QStandardPaths.writableLocation(location.AppConfigLocation)
        data = QStandardPaths.writableLocation(location.AppLocalDataLocation)
        documents = QStandardPaths.writableLocation(location.DocumentsLocation)
        return cls(Path(config), Path(data) / "engine", Path(documents) / "Exemplar")


class Program(QObject):
    """All there is while the program runs; `starter_model` None leaves it to the engine."""

    def __init__(
        self, application: QApplication, places: Places, starter_model: Path | None = None
    ) -> None:
        super().__init__(application)
        self._application = application
        self._garbage = GcTimer(self)
        # The texts are English, and so are the numbers and months in them on any system.
        QLocale.setDefault(QLocale(QLocale.Language.English))
        self._translator = QTranslator(self)
        if self._translator.load(str(RESOURCES / "translations" / "exemplar_en.qm")):
            application.installTranslator(self._translator)
        self.notices = Notices()
        self.errors = ErrorNotices(self.notices, self)
        self._make_state(places, starter_model)
        self._make_window(places)

    def _make_state(self, places: Places, starter_model: Path | None) -> None:
        prices = load_prices((RESOURCES / "prices" / "pricing.json").read_bytes())
        counter = TokenCounter(RESOURCES / "tokenizers")
        engine = EngineProcess(places.engine, starter_model=starter_model)
        self.runner = TaskRunner(self)
        self.navigation = Navigation()
        self.preferences = Preferences(
            SettingsFile(places.config / "settings.json"), self.notices, self
        )
        self.open_project = OpenProject(self, runner=self.runner)
        self.counting = TokenCounting(self.open_project, counter, self.runner, self)
        self.connections = Connections(
            self.preferences,
            Secrets(),
            engine,
            self.runner,
            self.notices,
            prices.current,
            parent=self,
        )
        self.desk = ExamplesDesk(
            self.open_project, self.connections, counter, prices.current, self.runner, self
        )
        self.cost = CostState(
            self.open_project, self.connections, self.counting, prices, self.desk.test_set, self
        )
        self.jobs = Jobs(
            self.open_project, self.connections, self.runner, self.notices, self, prices=prices
        )
        self.savings = ModelSavings(self.connections, self.runner, self)
        shared = (self.open_project, self.jobs, self.connections, self.runner, self.notices)
        self.chat = Chat(*shared, self)
        self.evaluation = Evaluation(*shared, self)

    def _make_window(self, places: Places) -> None:
        self.theme = Theme(self._application)
        self.actions = Actions(self.open_project, self)
        self.window = MainWindow(
            self.desk,
            self.preferences,
            self.navigation,
            self.actions,
            self.theme,
        )
        self.files = ProjectFiles(
            self.open_project,
            self.desk.exchange,
            self.preferences,
            self.notices,
            self.desk.edited,
            places.projects,
            RESOURCES / "samples" / "harbour.jsonl",
            self.window,
        )
        self._make_pages()
        pages = (
            self.examples_page, self.cost_page, self.jobs_page, self.chat_page, self.evaluate_page
        )  # fmt: skip
        self.picker = ConnectionPicker(self.connections, self.theme)
        strips = [
            NoticeBar(self.notices),
            ExchangeStrip(self.desk.exchange),
            BulkStrip(self.desk.bulk, self.notices),
        ]
        named = dict(zip(TABS, pages, strict=True))
        message_menu = self.examples_page.message_menu()
        menus = (message_menu, self._tab_menus())
        self.window.fill(named, strips, self.picker, self.files, *menus)
        self.closing = Closing(self.window, self.jobs, self.connections, self.preferences)
        self._wire()

    def _make_pages(self) -> None:
        self.examples_page = ExamplesPage(self.desk, self.notices, self.actions, self.theme)
        self.cost_page = CostPage(
            self.cost, self.connections, self.open_project, self.navigation, self.theme
        )
        self.jobs_page = JobsPage(
            self.jobs,
            self.connections,
            self.open_project,
            self.cost,
            self.navigation,
            self.theme,
            self.savings,
        )
        self.chat_page = ChatPage(self.chat, self.navigation, self.theme)
        self.evaluate_page = EvaluatePage(
            self.evaluation, self.desk.test_set, self.navigation, self.theme
        )

    def _tab_menus(self) -> list[ButtonMenu]:
        """What can be done in Jobs, Chat and Evaluate."""
        job, chat, evaluate = self.jobs_page.detail, self.chat_page, self.evaluate_page
        jobs = (
            self.actions.new_job, None, job.pause, job.resume, job.cancel, None, job.chat,
            job.evaluate, job.save, job.remove,
        )  # fmt: skip
        chats = (chat.sidebar.new, chat.sidebar.delete, None, chat.composer.stop)
        setup, bar = evaluate.setup, evaluate.run_bar
        return [
            ButtonMenu(self.tr("&Jobs"), jobs),
            ButtonMenu(self.tr("&Chat"), chats),
            ButtonMenu(
                self.tr("Ev&aluate"), (setup.run, bar.cancel, bar.go_on, None, setup.delete)
            ),
        ]

    def _wire(self) -> None:
        self.counting.counted.connect(self.desk.take_counts)
        self.desk.rules.changed.connect(self._follow_service)
        self._follow_service()
        self.jobs.changed.connect(self._show_running)
        self.jobs.job_changed.connect(self._show_running)
        # Another project that is opened after this one finds the new model in the list.
        self.jobs.finished.connect(self.connections.refresh)
        self.actions.new_job.triggered.connect(self.jobs_page.new_job)
        self.jobs_page.connections_wanted.connect(self._show_connections)
        self.actions.connections.triggered.connect(self._show_connections)
        self.actions.models.triggered.connect(self.jobs_page.show_models)

    def start(self, paths: Sequence[Path]) -> None:
        """Show the window, and in it the project named, or the one that was open last."""
        self.window.show()
        self.preferences.tell_set_aside()
        last = self.preferences.settings.last_project
        if paths:
            self.files.take_all([path.absolute() for path in paths])
        elif last is not None and may_be_there(Path(last)):
            self.files.open(last)
        self.connections.refresh()

    def shut_down(self) -> None:
        """Write what is unwritten and end every thread."""
        self.open_project.close()
        self.runner.shut_down()

    @Slot()
    def _show_running(self) -> None:
        running = self.jobs.active_count
        self.window.header.set_badge(
            "jobs", self.tr("%n running", "", running) if running else "", "accent"
        )

    @Slot()
    def _follow_service(self) -> None:
        self.files.exports.set_service(self.desk.rules.rules.service)

    @Slot()
    def _show_connections(self) -> None:
        ConnectionsDialog(self.connections, self.theme, self.window).open()


def run(paths: Sequence[Path]) -> int:
    """Run the program until its window is closed; return the exit status."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Exemplar")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("exemplar")
    application.setWindowIcon(QIcon(str(RESOURCES / "icons" / "exemplar.svg")))
    application.setQuitOnLastWindowClosed(False)
    places = Places.standard()
    keep_log(places.config / "exemplar.log")
    program = Program(application, places)
    program.errors.install()
    program.closing.done.connect(application.quit)
    application.aboutToQuit.connect(program.shut_down)
    program.start(paths)
    # What is there for the whole run is not looked through at each collection: 150 ms in all.
    gc.freeze()
    end_in_order(application)
    return application.exec()


def may_be_there(path: Path) -> bool:
    """Whether a file exists, or cannot be asked about: then opening it says why."""
    try:
        return path.exists()
    except OSError:
        return True


def end_in_order(application: QCoreApplication) -> None:
    """Let Ctrl+C in the terminal and the end of the session close the program as its user would.

    Python gets to see a signal as soon as it runs: at the next tick of the garbage timer.
    """

    def leave(_number: int, _frame: object) -> None:
        application.quit()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


def keep_log(path: Path) -> None:
    """Write warnings and errors of the program to a file. No text or key is ever in them.

    Where the file cannot be written they go to standard error: the program runs all the same.
    """
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=500_000, backupCount=1, encoding="utf-8")
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
