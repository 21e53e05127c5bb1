"""Drives the real program through its main job, by its own widgets: for the demo and a test."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from desktop_app.app import Program
from desktop_app.state.connections.connections import ConnectionStatus
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.ui.examples.checks_panel import FindingCard

BUTTON_SECONDS = 10
READY_SECONDS = 60
TRAINING_SECONDS = 420
ANSWER_SECONDS = 90
EVALUATION_SECONDS = 240


class StepError(Exception):
    """The program did not do in time what it was asked for."""


def wait_until(is_so: Callable[[], object], what: str, seconds: float) -> None:
    """Let the program run until something is so. Raises StepError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise StepError(f"{what}: not within {seconds:.0f} seconds")
        pause(30)


def pause(milliseconds: int) -> None:
    """Let the program run for a while. QTest.qWait would keep worker threads from running."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def press(button: QAbstractButton) -> None:
    """Click a button as its user would: once it can be seen and used. Raises StepError."""
    wait_until(
        lambda: button.isVisible() and button.isEnabled(), f"“{button.text()}”", BUTTON_SECONDS
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


class MainJob:
    """The steps, in their order. Each ends when the program shows what it led to."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.window = program.window

    def go_to(self, tab: str) -> None:
        """Bring a tab to the front by its place in the header."""
        self.program.navigation.show(tab)
        pause(50)

    def open_sample(self) -> None:
        """From the welcome page into the sample project."""
        press(self.window.welcome.sample_button)
        self.wait_for_conversations(50)

    def import_file(self, path: Path, expected: int) -> None:
        """As if the file had been dropped on the window; `expected` counts all afterwards."""
        self.program.files.take_all([path])
        self.wait_for_conversations(expected)

    def wait_for_conversations(self, at_least: int) -> None:
        """Wait until the project holds so many."""
        wait_until(
            lambda: (
                self.program.open_project.is_open
                and self.program.open_project.counts.conversations >= at_least
                and not self.program.desk.exchange.is_running
            ),
            "the import",
            READY_SECONDS,
        )

    def go_to_problem(self) -> None:
        """Find the conversation that a service would refuse."""
        self.go_to("examples")
        self.program.actions.next_problem.trigger()
        wait_until(
            lambda: any(card.finding.severity == "blocks" for card in self._findings()),
            "the finding",
            READY_SECONDS,
        )

    def fix_problem(self) -> None:
        """Press the button beside the finding."""
        press(self._findings()[0].fix_button)
        wait_until(
            lambda: self.program.open_project.counts.with_problems == 0, "the fix", READY_SECONDS
        )

    def see_cost(self) -> None:
        """Look at the Cost tab until everything is counted."""
        self.go_to("cost")
        wait_until(lambda: self.program.cost.counting is None, "the counting", READY_SECONDS)

    def wait_for_engine(self) -> None:
        """Wait until this computer can train."""
        wait_until(
            lambda: self.program.connections.status == ConnectionStatus.READY,
            "the engine",
            READY_SECONDS,
        )

    def start_training(self, passes: int | None = None) -> str:
        """Fill in the form for a new job and send it off; return the job's submission."""
        self.program.actions.new_job.trigger()
        form = self.program.jobs_page.form
        if passes is not None:
            form.passes.setCurrentIndex(form.passes.findData(passes))
            form.passes.activated.emit(form.passes.currentIndex())
        known = {record.submission for record in self.program.jobs.records()}
        press(form.start)
        wait_until(
            lambda: any(r.submission not in known for r in self.program.jobs.records()),
            "the job",
            READY_SECONDS,
        )
        return self.program.jobs.records()[0].submission

    def watch(self, submission: str, points: int) -> None:
        """Wait until the loss curve has so many points, or the job has ended."""
        wait_until(
            lambda: (
                len(self.program.jobs.curve(submission).training) >= points
                or self.is_over(submission)
            ),
            "the first steps",
            TRAINING_SECONDS,
        )

    def finish(self, submission: str) -> JobRecord:
        """Wait for the end of a job. Raises StepError if it did not succeed."""
        wait_until(lambda: self.is_over(submission), "the training", TRAINING_SECONDS)
        record = self.program.jobs.record(submission)
        if record is None or record.job is None or record.job.status != "succeeded":
            raise StepError(f"the job ended as {record and record.job and record.job.status}")
        return record

    def is_over(self, submission: str) -> bool:
        """Whether a job has ended, in whatever way."""
        record = self.program.jobs.record(submission)
        return record is not None and record.job is not None and record.job.is_finished

    def ask(self, text: str) -> str:
        """Go from the finished job to Chat, ask the tuned model, return what it said."""
        press(self.program.jobs_page.detail.chat)
        wait_until(lambda: self.program.navigation.tab == "chat", "the Chat tab", READY_SECONDS)
        chat = self.program.chat
        wait_until(lambda: chat.document.model is not None, "the model", READY_SECONDS)
        wait_until(lambda: chat.instructions, "the system instructions", READY_SECONDS)
        composer = self.program.chat_page.composer
        QTest.keyClicks(composer.box, text)
        QTest.keyClick(composer.box, Qt.Key.Key_Return)
        wait_until(lambda: chat.document.turns and not chat.is_streaming, "a reply", ANSWER_SECONDS)
        return chat.document.turns[-1].replies[0].text

    def evaluate(self) -> None:
        """Run the held-out conversations through the tuned model and its base."""
        self.go_to("evaluate")
        evaluation = self.program.evaluation
        wait_until(lambda: evaluation.n_test and evaluation.tuned, "the test set", READY_SECONDS)
        press(self.program.evaluate_page.setup.run)
        wait_until(lambda: evaluation.is_running, "the evaluation's start", READY_SECONDS)
        wait_until(lambda: not evaluation.is_running, "the evaluation", EVALUATION_SECONDS)
        wait_until(
            lambda: (
                evaluation.report is not None
                and evaluation.report.models[1].n_scored == evaluation.report.n_cases
            ),
            "the figures",
            READY_SECONDS,
        )

    def _findings(self) -> list[FindingCard]:
        return self.program.examples_page.checks_panel.finding_cards()
