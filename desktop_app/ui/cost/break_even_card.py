"""When tuning pays for itself: a short prompt to a tuned model against a long one to its base."""

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop_app.state.cost import texts as cost_texts
from desktop_app.state.cost.cost import CostState
from desktop_app.ui.cost.break_even_chart import BreakEvenChart
from desktop_app.ui.cost.number_field import whole_number
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Card, chip, label, row

MOST_TOKENS = 1_000_000
MOST_REPLIES = 100_000_000
FIELD_WIDTH = 130


class BreakEvenCard(Card):
    """Two figures that the user knows, what follows from them, and the two lines."""

    def __init__(self, cost: CostState, theme: Theme) -> None:
        super().__init__()
        self._cost = cost
        self.replies = whole_number(self.tr("Replies a month"), 1, MOST_REPLIES, 1000)
        self.prompt_today = whole_number(self.tr("Prompt today, in tokens"), 1, MOST_TOKENS, 50)
        for field in (self.replies, self.prompt_today):
            field.setMaximumWidth(FIELD_WIDTH)
        self.prompt_tuned = label(kind="strong")
        self.saved = chip(tone="good")
        self.after = label(kind="strong")
        self.caption = label(kind="small", wrap=True)
        self.chart = BreakEvenChart(theme)
        self.figures = QWidget()
        self._lay_out()
        self.replies.valueChanged.connect(self._set_replies)
        self.prompt_today.valueChanged.connect(self._set_prompt)
        cost.changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        title = label(self.tr("When does tuning pay for itself?"), "heading")
        name = label(self.tr("Replies a month"), "muted")
        name.setBuddy(self.replies)
        self.month = QWidget()
        self.month.setLayout(row(name, self.replies))
        self.body.addLayout(row(title, None, self.month))
        names = (
            self.tr("Prompt today, in tokens"),
            self.tr("Prompt when tuned"),
            self.tr("Pays for itself after"),
        )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(3)
        for place, text in enumerate(names):
            grid.addWidget(label(text, "muted"), 0, place)
        grid.addWidget(self.prompt_today, 1, 0)
        grid.addLayout(row(self.prompt_tuned, self.saved, None), 1, 1)
        grid.addWidget(self.after, 1, 2)
        grid.setColumnStretch(3, 1)
        self.figures.setLayout(grid)
        self.body.addWidget(self.figures)
        self.body.addWidget(self.chart, 1)
        self.body.addWidget(self.caption)
        self.body.addStretch()

    @Slot(int)
    def _set_replies(self, replies: int) -> None:
        self._cost.set_replies_a_month(replies)

    @Slot(int)
    def _set_prompt(self, tokens: int) -> None:
        self._cost.set_prompt_today(tokens)

    @Slot()
    def _refresh(self) -> None:
        shape = self._cost.reply_shape
        costs = self._cost.break_even
        for widget in (self.month, self.figures, self.chart):
            widget.setVisible(costs is not None)
        self.chart.show_break_even(costs)
        for field, value in (
            (self.replies, self._cost.replies_a_month),
            (self.prompt_today, self._cost.prompt_today),
        ):
            with QSignalBlocker(field):
                field.setValue(value)
        self.caption.setText(self._sentence())
        if shape is None or costs is None:
            return
        self.prompt_tuned.setText(self.tr("{n} tokens").format(n=f"{round(shape.prompt):,}"))
        less = 1 - shape.prompt / self._cost.prompt_today
        self.saved.setVisible(less > 0)
        self.saved.setText(self.tr("−{n} %").format(n=round(less * 100)))
        self.after.setText(self._after())

    def _after(self) -> str:
        costs = self._cost.break_even
        if costs is None or costs.replies is None or costs.days is None:
            return self.tr("not at these prices")
        days = f"{costs.days:.1f}" if costs.days < 10 else f"{costs.days:,.0f}"
        return self.tr("{replies} replies · {days} days").format(
            replies=f"{costs.replies:,}", days=days
        )

    def _sentence(self) -> str:
        shape = self._cost.reply_shape
        if self._cost.price is None:
            return self.tr(
                "Training and replies on this computer have no price per token. Choose a hosted "
                "model above to compare a long prompt with a tuned model."
            )
        if self._cost.counting is not None:
            return self.tr("counting…")
        if shape is None:
            return self.tr("There is no conversation to reckon with yet.")
        if self._cost.break_even is None:
            return self.tr(
                "The price list does not say what replies of the untuned model cost at that time."
            )
        text = self.tr(
            "Reckoned with the same model untuned and a prompt as long as you say, against the "
            "tuned one and prompts as in your examples; replies of {reply} tokens, as there."
        ).format(reply=f"{round(shape.reply):,}")
        silent = self._cost.silent_before_break_even
        if silent is None:
            return text
        warning = self.tr("The tuned model falls silent on {date}, before it has paid for itself.")
        return f"{warning.format(date=cost_texts.day(silent))} {text}"
