"""A new job: its name, where it trains, how, and what that costs."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QScrollArea, QWidget
from typing_extensions import override

from desktop_app.core.jobs.limits import EPOCHS
from desktop_app.state.connections.connections import Connections
from desktop_app.state.cost import texts as cost_texts
from desktop_app.state.cost.cost import CostState
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.jobs.offer import JobOffer, align, choice_of, note_on_model, offer
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.ui.jobs.calm_combo_box import CalmComboBox
from desktop_app.ui.jobs.job_settings import JobSettings
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.widgets.parts import Card, Page, button, column, label, row, rule, set_tone

WIDTH = 640


class JobForm(QScrollArea):
    """In the page, not in a dialog, so that the examples can be looked at meanwhile.

    `models_wanted` asks for the dialog with the models of the engine that is chosen. Connection,
    model and passes are those of the program: the form holds no copy of them.
    """

    submitted = Signal(str)
    closed = Signal()
    tab_wanted = Signal(str)
    models_wanted = Signal()

    def __init__(
        self, jobs: Jobs, connections: Connections, open_project: OpenProject, cost: CostState
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._connections = connections
        self._open_project = open_project
        self._cost = cost
        self.name = QLineEdit()
        self.name.setMaxLength(64)
        self.connection = CalmComboBox()
        self.model = CalmComboBox()
        self.model_note = label(kind="small", wrap=True)
        self.more_models = button(self.tr("More models…"), "link")
        self.passes = CalmComboBox()
        self.passes.addItem("", None)
        for passes in range(EPOCHS[0], EPOCHS[1] + 1):
            self.passes.addItem(str(passes), passes)
        self.with_test = QCheckBox()
        self.settings = JobSettings()
        self.sent = label(wrap=True)
        self.price = label(kind="strong", wrap=True)
        self.closing = label(tone="warning", wrap=True)
        self.obstacle = label(tone="bad", wrap=True)
        self.mend = button("", "link")
        self.start = button(self.tr("Start training"), "primary")
        self.leave = button(self.tr("Not now"), "quiet")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        card = Card(spacing=14)
        card.setMaximumWidth(WIDTH)
        card.body.addWidget(label(self.tr("New job"), "title"))
        card.body.addLayout(self._fields())
        card.body.addWidget(self.with_test)
        card.body.addWidget(self.settings)
        card.body.addWidget(rule())
        for line in (self.sent, self.price, self.closing):
            card.body.addWidget(line)
        card.body.addLayout(row(self.start, self.leave, None))
        reason = row(self.obstacle, self.mend, spacing=10)
        reason.setStretch(0, 1)
        card.body.addLayout(reason)
        ground = Page()
        layout = column(margin=24)
        centre = row(None, card, None)
        centre.setStretch(1, 100)
        layout.addLayout(centre)
        layout.addStretch(1)
        ground.setLayout(layout)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(ground)

    def _fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        about_model = row(self.model_note, self.more_models, spacing=10)
        about_model.setStretch(0, 1)
        meaning = self.tr("How often training goes through all conversations.")
        self.passes.setAccessibleDescription(meaning)
        fields: list[tuple[str, QWidget]] = [
            (self.tr("Name"), self.name),
            (self.tr("Where"), self.connection),
            (self.tr("Model to start from"), self.model),
            (self.tr("Passes (epochs)"), self.passes),
        ]
        for text, field in fields:
            name, place = label(text), grid.rowCount()
            name.setBuddy(field)
            field.setAccessibleName(text)
            grid.addWidget(name, place, 0)
            grid.addWidget(field, place, 1)
            if field is self.model:
                grid.addLayout(about_model, place + 1, 1)
        grid.addWidget(label(meaning, "small", wrap=True), grid.rowCount(), 1)
        return grid

    def _connect(self) -> None:
        for change in (
            self._connections.changed,
            self._open_project.counts_changed,
            self._cost.changed,
            self.name.textChanged,
            self.with_test.toggled,
            self.settings.changed,
        ):
            change.connect(self._refresh)
        self.connection.activated.connect(self._choose_connection)
        self.model.activated.connect(self._choose_model)
        self.passes.activated.connect(self._choose_passes)
        self.start.clicked.connect(self.ask_to_start)
        self.leave.clicked.connect(self.closed)
        self.more_models.clicked.connect(self.models_wanted)
        self.mend.clicked.connect(self._mend)

    def begin(self, like: JobRecord | None = None) -> None:
        """Start afresh, or with what another job was asked for."""
        align(self._connections, self._cost)
        self.name.setText(like.name if like else self._next_name())
        self.with_test.setChecked(like is None or like.n_test > 0)
        if like is not None and like.request is not None:
            asked = like.request.hyperparameters
            self._cost.set_passes(asked.n_epochs)
            self.settings.choose(asked, like.request.seed)
        self._refresh()
        self.name.setFocus()
        self.name.selectAll()

    def plan(self) -> JobPlan:
        """What is asked for as the form stands."""
        return JobPlan(
            name=self.name.text().strip(),
            connection_id=self._connections.active.id,
            base_model=self._connections.base_model,
            hyperparameters=self.settings.hyperparameters(self._cost.own_passes),
            seed=self.settings.seed_number(),
            use_test_as_validation=self._sends_test(),
            estimate_usd=self._offer().usd,
        )

    def _sends_test(self) -> bool:
        return self.with_test.isChecked() and self._open_project.counts.test > 0

    def _offer(self) -> JobOffer:
        return offer(
            self._connections, self._cost, self._open_project, with_test=self._sends_test()
        )

    def _next_name(self) -> str:
        number = len(self._jobs.records()) + 1
        return self.tr("{project} v{n}").format(project=self._open_project.name, n=number)[:64]

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if not self.isVisible():
            return
        active = self._connections.active
        _fill(self.connection, [(each.name, each.id) for each in self._connections.profiles()])
        self.connection.setCurrentIndex(self.connection.findData(active.id))
        models = self._connections.base_models(active.id) or [self._connections.base_model]
        _fill(
            self.model,
            [(choice_of(self._connections, active.id, model), model) for model in models if model],
        )
        self.model.setCurrentIndex(self.model.findData(self._connections.base_model))
        self._refresh_model_note()
        automatic = self.tr("Automatic: {n}").format(n=self._cost.automatic_passes)
        self.passes.setItemText(0, automatic)
        self.passes.setCurrentIndex(self._cost.own_passes or 0)
        test = self._open_project.counts.test
        self.with_test.setVisible(test > 0)
        self.with_test.setText(
            self.tr("Measure on %Ln held-out test conversation(s) while training", "", test)
        )
        self.settings.show_preferences(self._open_project.counts.are_preferences)
        self._refresh_offer()

    def _refresh_model_note(self) -> None:
        active, model = self._connections.active.id, self._connections.base_model
        text, tone = note_on_model(self._connections, active, model)
        self.model_note.setText(text)
        set_tone(self.model_note, tone)
        self.more_models.setVisible(self._connections.models_at(active) is not None)

    def _refresh_offer(self) -> None:
        found = self._offer()
        self.sent.setText(found.sent)
        self.price.setText(found.price)
        self.closing.setText(found.closing)
        self.closing.setVisible(bool(found.closing))
        obstacles = self._jobs.obstacles(self.plan())
        first = obstacles[0] if obstacles else None
        self.start.setEnabled(first is None)
        self.start.setToolTip(first.text if first else "")
        self.obstacle.setText(first.text if first else "")
        self.obstacle.setVisible(first is not None)
        self.mend.setVisible(first is not None and bool(first.tab))
        self.mend.setText(first.label if first else "")
        self.mend.setProperty("tab", first.tab if first else "")

    @Slot(int)
    def _choose_connection(self, place: int) -> None:
        self._connections.set_active(str(self.connection.itemData(place)))
        align(self._connections, self._cost)

    @Slot(int)
    def _choose_model(self, place: int) -> None:
        self._connections.set_base_model(str(self.model.itemData(place)))
        align(self._connections, self._cost)

    @Slot(int)
    def _choose_passes(self, place: int) -> None:
        self._cost.set_passes(place or None)

    @Slot()
    def _mend(self) -> None:
        self.tab_wanted.emit(str(self.mend.property("tab")))

    @Slot()
    def ask_to_start(self) -> None:
        """Start at once where it is free; else say what is spent and sent, and ask."""
        found = self._offer()
        if found.is_free:
            self._start()
            return
        amount = cost_texts.money(found.usd) if found.usd is not None else ""
        title = self.tr("Start training for about {sum}?").format(sum=amount)
        if not amount:
            title = self.tr("Start training at a cost that is not known here?")
        more = "\n\n".join(
            filter(
                None,
                (
                    self.tr("Model: {model}").format(model=self._connections.base_model),
                    found.sent,
                    found.price if amount else "",
                    found.closing,
                    self.tr("What is trained is charged, even if the result disappoints."),
                ),
            )
        )
        question = Question(
            self,
            self.tr("Start training"),
            title,
            more,
            self.tr("Start training"),
            self.tr("Not now"),
        )
        question.confirmed.connect(self._start)
        question.open()

    @Slot()
    def _start(self) -> None:
        submission = self._jobs.submit(self.plan())
        if submission:
            self.submitted.emit(submission)


def _fill(box: QComboBox, entries: list[tuple[str, str]]) -> None:
    """Put entries into a box unless they stand there already."""
    shown = [(box.itemText(place), box.itemData(place)) for place in range(box.count())]
    if entries != shown:
        box.clear()
        for text, data in entries:
            box.addItem(text, data)
