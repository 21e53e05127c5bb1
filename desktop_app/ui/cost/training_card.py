"""What training costs once, and the choices that it hangs on."""

from PySide6.QtCore import QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget
from typing_extensions import override

from desktop_app.state.cost import texts as cost_texts
from desktop_app.state.cost.cost import CostState
from desktop_app.ui.cost.number_field import whole_number
from desktop_app.ui.widgets.eliding_combo_box import ElidingComboBox
from desktop_app.ui.widgets.parts import Card, button, chip, label, row, rule

MOST_PASSES = 50
MOST_TEST_SHARE = 50
SETTLE_MS = 600
"""A split is one step of undo: it is made once the arrows have come to rest."""


class TrainingCard(Card):
    """The sum, how it comes about, and model, passes, test share and price to change it."""

    price_wanted = Signal()
    continue_wanted = Signal()

    def __init__(self, cost: CostState) -> None:
        super().__init__()
        self._cost = cost
        self.sum = label(kind="sum")
        self.formula = label(kind="muted", wrap=True)
        self.model = ElidingComboBox()
        self.passes = QComboBox()
        self.passes.addItem("", None)
        for passes in range(1, MOST_PASSES + 1):
            self.passes.addItem(str(passes), passes)
        self.test_share = whole_number(self.tr("Test share"), 0, MOST_TEST_SHARE)
        self.test_share.setSuffix(self.tr(" %"))
        self.price_date = chip(tone="warning")
        self.edit_price = button(self.tr("edit…"), "link")
        self.edit_price.setAccessibleName(self.tr("Edit the price"))
        self.caption = label(kind="small", wrap=True)
        self.go_on = button(self.tr("Go on to Jobs"), "primary")
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        self.body.addWidget(label(self.tr("TRAINING, ONCE"), "section"))
        self.body.addWidget(self.sum)
        self.body.addWidget(self.formula)
        self.body.addWidget(rule())
        grid = QGridLayout()
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        fields: list[tuple[str, QWidget]] = [
            (self.tr("Model"), self.model),
            (self.tr("Passes (epochs)"), self.passes),
            (self.tr("Test share"), self.test_share),
        ]
        for place, (text, field) in enumerate(fields):
            name = label(text, "muted")
            name.setBuddy(field)
            field.setAccessibleName(text)
            grid.addWidget(name, place, 0)
            grid.addWidget(field, place, 1)
        self.body.addLayout(grid)
        self.body.addLayout(row(self.price_date, self.edit_price, None, spacing=4))
        self.body.addWidget(self.caption)
        self.body.addWidget(self.go_on)

    def _connect(self) -> None:
        self._cost.changed.connect(self._refresh)
        self.model.activated.connect(self._choose)
        self.passes.activated.connect(self._set_passes)
        self.test_share.valueChanged.connect(self._settle.start)
        self._settle.timeout.connect(self._set_test_share)
        self.edit_price.clicked.connect(self.price_wanted)
        self.go_on.clicked.connect(self.continue_wanted)

    @Slot(int)
    def _choose(self, place: int) -> None:
        self._cost.choose(str(self.model.itemData(place)))

    @Slot(int)
    def _set_passes(self, place: int) -> None:
        self._cost.set_passes(place or None)

    @Slot()
    def _set_test_share(self) -> None:
        self._cost.set_test_share(self.test_share.value() / 100)

    @Slot()
    def _refresh(self) -> None:
        self._refresh_choices()
        self._refresh_sum()
        self._refresh_price()
        self._keep_lines()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_lines()

    def _keep_lines(self) -> None:
        """Claim the height of the wrapped words, or Qt takes it from the fields."""
        for words in (self.formula, self.caption):
            words.setMinimumHeight(max(0, words.heightForWidth(words.width())))

    def _refresh_choices(self) -> None:
        entries = [(choice.label, choice.key) for choice in self._cost.choices]
        shown = [
            (self.model.itemText(place), self.model.itemData(place))
            for place in range(self.model.count())
        ]
        if entries != shown:
            self.model.clear()
            for text, key in entries:
                self.model.addItem(text, key)
        self.model.setCurrentIndex(self.model.findData(self._cost.choice.key))
        automatic = self.tr("Automatic: {n}").format(n=self._cost.automatic_passes)
        self.passes.setItemText(0, automatic)
        self.passes.setCurrentIndex(self._cost.own_passes or 0)
        if not self._settle.isActive():
            with QSignalBlocker(self.test_share):
                self.test_share.setValue(round(self._cost.test_share * 100))
        self.test_share.setEnabled(self._cost.can_split)

    def _refresh_sum(self) -> None:
        estimate = self._cost.estimate
        if estimate is None:
            self._refresh_counting()
            return
        tokens = cost_texts.tokens(estimate.tokens)
        if estimate.usd is None or estimate.per_million is None:
            self.sum.setText(self.tr("free"))
            self.formula.setText(
                self.tr("{tokens} tokens × %Ln pass(es) · {time}", "", estimate.passes).format(
                    tokens=tokens, time=self._time()
                )
            )
            return
        self.sum.setText(cost_texts.money(estimate.usd))
        self.formula.setText(
            self.tr(
                "{tokens} tokens × %Ln pass(es) × {price} per million", "", estimate.passes
            ).format(tokens=tokens, price=cost_texts.money(estimate.per_million))
        )

    def _refresh_counting(self) -> None:
        error = self._cost.counting_error
        if error is not None:
            self.sum.setText(self.tr("not counted"))
            self.formula.setText(
                self.tr("Tokens could not be counted: {reason}").format(reason=error)
            )
            return
        self.sum.setText(self.tr("counting…"))
        done, total = self._cost.counting or (0, 0)
        self.formula.setText(
            self.tr("{done} of {total} conversations counted").format(
                done=f"{done:,}", total=f"{total:,}"
            )
            if total
            else ""
        )

    def _time(self) -> str:
        seconds = self._cost.seconds
        return self.tr("time not measured yet") if seconds is None else cost_texts.duration(seconds)

    def _refresh_price(self) -> None:
        price = self._cost.price
        self.price_date.setVisible(price is not None)
        self.edit_price.setVisible(price is not None)
        counted = self.tr("counted with {encoding}").format(encoding=self._cost.encoding)
        if price is None:
            text = self.tr(
                "Tokens are {counted}; the model splits text a little differently, so the time is "
                "a rough one."
            )
            self.caption.setText(text.format(counted=counted))
            return
        date = cost_texts.day_of(price.as_of)
        if self._cost.price_is_own:
            self.price_date.setText(self.tr("your price of {date}").format(date=date))
            source = self.tr("entered by you")
        else:
            self.price_date.setText(self.tr("price of {date}").format(date=date))
            source = "\n".join([*price.sources, price.confidence])
        self.price_date.setToolTip(source)
        self.caption.setText(
            self.tr(
                "An estimate: tokens are {counted}, and what the service bills may differ by a "
                "few tokens a conversation."
            ).format(counted=counted)
        )
