"""One job: where it stands, how its loss falls, what happened, what came of it."""

import time

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea
from typing_extensions import override

from desktop_app.core.jobs.phases import Phase
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.attention import Remedial, attention
from desktop_app.state.jobs.facts import facts, is_free
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.records import is_active
from desktop_app.state.jobs.saving import ModelSavings
from desktop_app.state.jobs.stages import stage_views
from desktop_app.state.jobs.story import story
from desktop_app.state.jobs.texts import status
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.ui.jobs.attention_card import AttentionCard
from desktop_app.ui.jobs.facts_card import FactsCard
from desktop_app.ui.jobs.loss_card import LossCard
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.jobs.save_dialog import SaveDialog
from desktop_app.ui.jobs.stage_line import StageLine
from desktop_app.ui.jobs.story_card import StoryCard
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.flow_layout import wrapping_row
from desktop_app.ui.widgets.parts import Page, button, chip, column, row, set_tone

TICK_MS = 1000
NARROW = 760
WORTH_ASKING = 60.0
"""Seconds of training after which cancelling asks first."""

PAUSABLE = frozenset({"running", "queued"})
RESUMABLE = frozenset({"paused", "pausing"})


class JobDetail(QScrollArea):
    """Shows one job and keeps it up to date. `start_anew` asks for a form like this job."""

    start_anew = Signal(str)

    def __init__(
        self,
        jobs: Jobs,
        connections: Connections,
        theme: Theme,
        savings: ModelSavings,
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._savings = savings
        self._connections = connections
        self._submission = ""
        self.title = ElidedLabel("title")
        self.chip = chip()
        self.pause = button(self.tr("Pause"))
        self.resume = button(self.tr("Resume"))
        self.cancel = button(self.tr("Cancel"))
        self.chat = button(self.tr("Chat with it"), "primary")
        self.evaluate = button(self.tr("Evaluate"))
        self.save = button(self.tr("Save the model…"))
        self.remove = button(self.tr("Remove from the list"), "quiet")
        self.stages = StageLine()
        self.attention = AttentionCard()
        self.loss = LossCard(theme)
        self.story = StoryCard()
        self.facts = FactsCard()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        ground = Page()
        buttons = (
            self.remove, self.save, self.evaluate, self.chat, self.pause, self.resume, self.cancel
        )  # fmt: skip
        self._below = row(self.story, self.facts, spacing=16)
        self._below.setStretch(0, 5)
        self._below.setStretch(1, 2)
        layout = column(margin=24, spacing=16)
        self._head = row(spacing=10)
        self._head.addLayout(row(self.title, self.chip, None, spacing=10), 1)
        self._head.addWidget(wrapping_row(*buttons, spacing=10))
        layout.addLayout(self._head)
        for part in (self.stages, self.attention):
            layout.addWidget(part)
        layout.addWidget(self.loss, 1)
        layout.addLayout(self._below)
        layout.addStretch(0)
        self._column = layout
        ground.setLayout(layout)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(ground)

    def _connect(self) -> None:
        self._jobs.job_changed.connect(self._follow)
        self._connections.changed.connect(self._refresh)
        self._timer.timeout.connect(self._refresh)
        self.pause.clicked.connect(self._pause)
        self.resume.clicked.connect(self._resume)
        self.cancel.clicked.connect(self.ask_to_cancel)
        self.chat.clicked.connect(self._chat)
        self.evaluate.clicked.connect(self._evaluate)
        self.save.clicked.connect(self.save_model)
        self.remove.clicked.connect(self._remove)
        self.story.chat_wanted.connect(self._chat)
        self.attention.wanted.connect(self._take_way)

    def show_job(self, submission: str) -> None:
        """Show another job."""
        if submission != self._submission:
            self._submission = submission
            self.verticalScrollBar().setValue(0)
        self._refresh()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set one under the other what has no room side by side."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        is_narrow = self.width() < NARROW
        for pair in (self._head, self._below):
            pair.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
        self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    @Slot(str)
    def _follow(self, submission: str) -> None:
        if submission == self._submission and self.isVisible():
            self._refresh()

    @Slot()
    def _refresh(self) -> None:
        record = self._jobs.record(self._submission)
        if record is None:
            return
        now = time.time()
        text, tone = status(self._jobs, record)
        self.title.show_text(record.name)
        self.chip.setText(text)
        set_tone(self.chip, tone)
        self.stages.show_stages(stage_views(self._jobs, record, now))
        self.attention.show_attention(
            attention(self._jobs, self._connections, record, now),
            busy=self._jobs.is_acting(self._submission),
        )
        self._refresh_curve(record)
        nothing = self.tr("Nothing yet.") if is_active(record) else self.tr("Nothing was created.")
        self.story.show_story(story(record, self._jobs.events(self._submission)), nothing)
        self.facts.show_facts(facts(self._jobs, self._connections, record))
        self._refresh_buttons(record)

    def _refresh_buttons(self, record: JobRecord) -> None:
        job, active = record.job, is_active(record)
        profile = self._connections.profile(record.connection)
        can_pause = profile is not None and profile.capabilities.pause
        state = job.status if job else ""
        model = bool(job and job.fine_tuned_model)
        self.pause.setVisible(can_pause and state in PAUSABLE)
        self.resume.setVisible(can_pause and state in RESUMABLE)
        self.cancel.setVisible(active and record.phase != Phase.CREATING)
        self.chat.setVisible(not active and model)
        self.evaluate.setVisible(not active and model)
        self.save.setVisible(self._savings.can_save(record))
        self.remove.setVisible(self._jobs.can_remove(self._submission))
        for action in (self.pause, self.resume, self.cancel):
            action.setEnabled(not self._jobs.is_acting(self._submission))

    def _refresh_curve(self, record: JobRecord) -> None:
        """Where nothing was measured and nothing will be, there is no curve."""
        curve = self._jobs.curve(self._submission)
        self.loss.show_curve(curve, self.tr("The curve begins with the first steps of training."))
        has_curve = is_active(record) or not curve.is_empty
        self.loss.setVisible(has_curve)
        self._column.setStretch(self._column.count() - 1, 0 if has_curve else 1)

    @Slot()
    def _pause(self) -> None:
        self._jobs.pause(self._submission)

    @Slot()
    def _resume(self) -> None:
        self._jobs.resume(self._submission)

    @Slot()
    def _remove(self) -> None:
        self._jobs.remove(self._submission)

    @Slot()
    def ask_to_cancel(self) -> None:
        """Cancel the job; where that loses money or more than a minute's work, ask first."""
        record = self._jobs.record(self._submission)
        if record is None or not is_active(record):
            return
        paid = record.job is not None and not is_free(self._connections, record.connection)
        spent = time.time() - record.job.created_at if record.job else 0.0
        if not paid and spent < WORTH_ASKING:
            self._cancel()
            return
        more = self.tr("A cancelled job cannot go on. Models kept after a pass stay.")
        if paid:
            more += " " + self.tr("What was trained until now may be charged.")
        question = Question(
            self,
            self.tr("Cancel this job"),
            self.tr("Cancel {name}?").format(name=record.name),
            more,
            self.tr("Cancel the job"),
            self.tr("Let it train"),
        )
        question.confirmed.connect(self._cancel)
        question.open()

    @Slot()
    def _cancel(self) -> None:
        self._jobs.cancel(self._submission)

    @Slot()
    @Slot(object)
    def _chat(self, step: object = None) -> None:
        # A click carries whether the button is checked, the story the step of a checkpoint.
        wanted = step if isinstance(step, int) and not isinstance(step, bool) else None
        self._jobs.chat(self._submission, wanted)

    @Slot()
    def _evaluate(self) -> None:
        self._jobs.evaluate(self._submission)

    @Slot()
    def save_model(self) -> None:
        """Ask which model of this job to save, in which form, and where."""
        record = self._jobs.record(self._submission)
        if record is not None and self._savings.can_save(record):
            SaveDialog(self._savings.begin(record), self, self._savings.kept(record)).open()

    @Slot(object)
    def _take_way(self, way: Remedial) -> None:
        if way == Remedial.LOOK_AGAIN:
            self._jobs.look_again(self._submission)
        elif way == Remedial.SEND_AGAIN:
            self._jobs.retry_uncertain(self._submission)
        elif way == Remedial.GIVE_UP:
            self._jobs.give_up_uncertain(self._submission)
        elif way == Remedial.DELETE_UPLOADS:
            self._jobs.delete_uploads(self._submission)
        else:
            self.start_anew.emit(self._submission)
