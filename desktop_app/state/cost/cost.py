"""What training on the open project will cost with each model, and when it pays for itself."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.core.cost.estimate import automatic_epochs, local_seconds, training_cost
from desktop_app.core.cost.prices import ModelPrice, PriceList
from desktop_app.core.cost.tokens import O200K
from desktop_app.core.jobs.limits import LOCAL_CONTEXT
from desktop_app.state.connections.connections import OPENAI, Connections
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost.break_even import BreakEven, reply_price
from desktop_app.state.cost.choices import CostChoices
from desktop_app.state.cost.engine_places import EngineModel, engine_models, key_of
from desktop_app.state.cost.model_prices import OwnPrice, Priced, merged
from desktop_app.state.cost.place_texts import model_label, place_hosted, place_of_engine
from desktop_app.state.cost.places_to_train import Place, PlacesToTrain
from desktop_app.state.cost.reply_shape import ReplyShape
from desktop_app.state.cost.token_counting import Counted, TokenCounting
from desktop_app.state.cost.token_summary import Histogram
from desktop_app.state.examples.test_set import TestSet
from desktop_app.state.open_project import OpenProject


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen on the page."""

    key: str
    label: str


@dataclass(frozen=True)
class Estimate:
    """One pass has `tokens`; `usd` is for all passes. Both prices are None where it is free."""

    conversations: int
    tokens: int
    passes: int
    per_million: Decimal | None = None
    usd: Decimal | None = None


class CostState(QObject):
    """Follows the project, the connections and the counting of tokens."""

    changed = Signal()

    def __init__(
        self,
        open_project: OpenProject,
        connections: Connections,
        counting: TokenCounting,
        prices: PriceList,
        test_set: TestSet,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._connections = connections
        self._counting = counting
        self._prices = prices
        self._test_set = test_set
        self._choices = CostChoices(open_project, self)
        self._priced: list[Priced] = []
        self.places = PlacesToTrain(self)
        open_project.counts_changed.connect(self._refresh)
        open_project.busy_changed.connect(self._refresh)
        connections.changed.connect(self._refresh)
        counting.changed.connect(self._refresh)
        self._choices.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        self._priced = merged(self._prices, self._choices.values.prices, self._connections.today())
        self._counting.prefer(self.encoding)
        engines = [place_of_engine(each, self._seconds(each)) for each in self._engine_models()]
        self.places.show(engines + [self._place(priced) for priced in self._priced])
        self.changed.emit()

    def _place(self, priced: Priced) -> Place:
        estimate, counted = self._estimate(priced), self._counted(priced.price)
        return place_hosted(
            priced,
            estimate.usd if estimate else None,
            counted.shape if counted else None,
            self._connections.today(),
        )

    # Which model

    @property
    def choices(self) -> list[Choice]:
        """All models that can be chosen: those of engines, then those with a price by token."""
        free = [Choice(each.key, self._label_of(each)) for each in self._engine_models()]
        hosted = [
            Choice(each.key, model_label(each.price))
            for each in self._priced
            if each.price.training is not None
        ]
        return free + hosted

    @property
    def choice(self) -> Choice:
        """The chosen model; until one was chosen, the active connection's."""
        choices = self.choices
        wanted = self._choices.values.model
        if not wanted:
            active, model = self._connections.active.id, self._connections.base_model
            wanted = key_of(self._connections, active, model)
        return next((each for each in choices if each.key == wanted), choices[0])

    def choose(self, key: str) -> None:
        """Reckon with another model from now on."""
        if key != self.choice.key and any(each.key == key for each in self.choices):
            self._update(model=key)

    def take_choice(self) -> None:
        """Make the chosen model the one to train, where that can be done."""
        key, at_engine = self.choice.key, self._at_engine
        if at_engine is not None:
            self._connections.use(at_engine.profile.id, at_engine.model)
        elif key in self._connections.base_models(OPENAI):
            self._connections.use(OPENAI, key)

    @property
    def price(self) -> ModelPrice | None:
        """The chosen model's price, None where it trains on an engine."""
        priced = self._chosen
        return priced.price if priced else None

    @property
    def price_is_own(self) -> bool:
        """Whether the user has entered the price."""
        return self._chosen is not None and self._chosen.is_own

    @property
    def _chosen(self) -> Priced | None:
        key = self.choice.key
        return next((each for each in self._priced if each.key == key), None)

    def set_price(self, key: str, training: Decimal, input_: Decimal, output: Decimal) -> None:
        """Reckon with the user's own price for a model, in USD per million tokens."""
        as_of = self._connections.today().isoformat()
        own = OwnPrice(training, input_, output, as_of)
        self._update(prices={**self._choices.values.prices, key: own})

    def use_listed_price(self, key: str) -> None:
        """Forget the user's own price for a model."""
        prices = {name: own for name, own in self._choices.values.prices.items() if name != key}
        self._update(prices=prices)

    # Passes and split

    @property
    def automatic_passes(self) -> int:
        """What a service is expected to choose for so many training conversations."""
        return automatic_epochs(self._open_project.counts.training)

    @property
    def own_passes(self) -> int | None:
        """The passes that the user has set, None while they are automatic."""
        return self._choices.values.passes

    @property
    def passes(self) -> int:
        return self.own_passes or self.automatic_passes

    def set_passes(self, passes: int | None) -> None:
        self._update(passes=passes)

    @property
    def can_split(self) -> bool:
        return self._open_project.is_open and not self._open_project.is_busy

    @property
    def test_share(self) -> float:
        """The share of conversations that is kept for the test."""
        counts = self._open_project.counts
        return counts.test / counts.conversations if counts.conversations else 0.0

    def set_test_share(self, share: float) -> None:
        """Choose the test set anew, unless the share is already that, to the percent."""
        if self.can_split and round(share * 100) != round(self.test_share * 100):
            self._test_set.choose_share(share)

    # What follows

    @property
    def encoding(self) -> str:
        """The encoding in which the chosen model's tokens are counted."""
        return self.price.encoding if self.price else O200K

    @property
    def counting(self) -> tuple[int, int] | None:
        """How many of how many conversations have been counted, None once all have."""
        if self._counting.result(self.encoding) is not None:
            return None
        progress = self._counting.progress
        return (progress.done, progress.total) if progress else (0, 0)

    @property
    def counting_error(self) -> Exception | None:
        """Why tokens could not be counted."""
        return self._counting.error

    @property
    def estimate(self) -> Estimate | None:
        """What the chosen model costs to train, None while tokens are being counted."""
        chosen = self._chosen
        if chosen is not None:
            return self._estimate(chosen)
        counted = self._counting.result(O200K)
        if counted is None:
            return None
        summary = counted.summary
        return Estimate(summary.conversations, summary.billed(self._limit), self.passes)

    @property
    def seconds(self) -> float | None:
        """How long training takes on an engine, None if it has not told its speed."""
        return self._seconds(self._at_engine) if self._at_engine else None

    @property
    def histogram(self) -> Histogram:
        """How long the training conversations are, against the chosen model's limit."""
        limit = self.price.example_limit if self.price else self._limit
        counted = self._counting.result(self.encoding)
        return counted.summary.histogram(limit) if counted else Histogram(limit=limit)

    def _counted(self, price: ModelPrice) -> Counted | None:
        return self._counting.result(price.encoding)

    def _estimate(self, priced: Priced) -> Estimate | None:
        price, counted = priced.price, self._counted(priced.price)
        if counted is None or price.training is None:
            return None
        tokens = counted.summary.billed(price.example_limit)
        usd = training_cost(tokens, self.passes, price.training)
        return Estimate(counted.summary.conversations, tokens, self.passes, price.training, usd)

    def _engine_models(self) -> list[EngineModel]:
        return engine_models(self._connections)

    @property
    def _at_engine(self) -> EngineModel | None:
        key = self.choice.key
        return next((each for each in self._engine_models() if each.key == key), None)

    @property
    def _limit(self) -> int:
        """Tokens that the chosen model reads at most on its engine."""
        return self._at_engine.limit if self._at_engine else LOCAL_CONTEXT

    def _seconds(self, at: EngineModel) -> float | None:
        counted = self._counting.result(O200K)
        if counted is None or not at.speed:
            return None
        return local_seconds(counted.summary.billed(at.limit), self.passes, at.speed)

    # When it pays for itself

    @property
    def prompt_today(self) -> int:
        """Tokens of the long prompt that the user sends today, as entered."""
        return self._choices.values.prompt_today

    def set_prompt_today(self, tokens: int) -> None:
        self._update(prompt_today=tokens)

    @property
    def replies_a_month(self) -> int:
        return self._choices.values.replies_a_month

    def set_replies_a_month(self, replies: int) -> None:
        self._update(replies_a_month=replies)

    @property
    def reply_shape(self) -> ReplyShape | None:
        """Mean lengths in the examples, None while they are not known."""
        counted = self._counting.result(self.encoding)
        return counted.shape if counted else None

    @property
    def break_even(self) -> BreakEven | None:
        """Tuned against the same model untuned; None where a price or a length is missing."""
        price, estimate, shape = self.price, self.estimate, self.reply_shape
        if price is None or estimate is None or estimate.usd is None or shape is None:
            return None
        prices = inference_prices(price)
        if prices is None:
            return None
        return BreakEven(
            training=float(estimate.usd),
            base_reply=reply_price(self.prompt_today, shape.reply, *prices[2:]),
            tuned_reply=reply_price(shape.prompt, shape.reply, *prices[:2]),
            replies_a_month=self.replies_a_month,
        )

    @property
    def silent_before_break_even(self) -> date | None:
        """The day on which the tuned model falls silent, if it has not paid for itself by then."""
        costs, price = self.break_even, self.price
        if costs is None or costs.days is None or price is None or price.shutdown is None:
            return None
        left = (price.shutdown - self._connections.today()).days
        return price.shutdown if costs.days > left else None

    def _label_of(self, engine_model: EngineModel) -> str:
        text = self.tr("{model} (this computer)")
        if not engine_model.is_here:
            text = self.tr("{model} ({engine})")
        return text.format(model=short_name(engine_model.model), engine=engine_model.profile.name)

    def _update(self, **changes: object) -> None:
        self._choices.update(msgspec.structs.replace(self._choices.values, **changes))


def inference_prices(price: ModelPrice) -> tuple[float, float, float, float] | None:
    """Input and output of the tuned model, then of its base; None if one is missing."""
    prices = (price.input, price.output, price.base_input, price.base_output)
    known = [float(each) for each in prices if each is not None]
    return (known[0], known[1], known[2], known[3]) if len(known) == len(prices) else None
