"""How long the conversations are, against what the model reads of one."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QProgressBar

from desktop_app.state.cost.cost import CostState
from desktop_app.ui.cost.token_histogram import TokenHistogram
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Card, label, set_tone


class LengthsCard(Card):
    """The histogram, one sentence on the longest, and how far counting has come."""

    def __init__(self, cost: CostState, theme: Theme) -> None:
        super().__init__()
        self._cost = cost
        self.histogram = TokenHistogram(theme)
        self.caption = label(kind="muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Conversations counted"))
        self.body.addWidget(label(self.tr("TOKENS PER CONVERSATION"), "section"))
        self.body.addWidget(self.histogram, 1)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.caption)
        cost.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        histogram = self._cost.histogram
        self.histogram.show_histogram(histogram)
        counting = self._cost.counting
        self.progress.setVisible(counting is not None)
        if counting is not None:
            done, total = counting
            self.progress.setRange(0, 1000)
            self.progress.setValue(1000 * done // max(total, 1))
        set_tone(self.caption, "bad" if histogram.too_long else "")
        self.caption.setText(self._sentence())

    def _sentence(self) -> str:
        histogram = self._cost.histogram
        if self._cost.counting is not None:
            return self.tr("counting…")
        if not histogram.bars:
            return self.tr("There is no conversation to train on yet.")
        limit = f"{histogram.limit:,}"
        if histogram.too_long:
            return self.tr(
                "Longer than the {limit} tokens that the model reads of one: {n}. It would not "
                "see their ends, and so not the replies there. Shorten or split them."
            ).format(limit=limit, n=f"{histogram.too_long:,}")
        return self.tr(
            "The longest has {longest} tokens. The model reads up to {limit} of each."
        ).format(longest=f"{histogram.longest:,}", limit=limit)
