"""`exemplar estimate`: the tokens of a training file, and what training on them costs."""

import re
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from desktop_app.cli.input_file import Examples, InputError, examples_in
from desktop_app.cli.output import amount, put, tell
from desktop_app.core.cost.estimate import automatic_epochs, training_cost
from desktop_app.core.cost.prices import ModelPrice, PriceList, load_prices
from desktop_app.core.cost.tokens import O200K, TokenCounter, TokenizerError
from desktop_app.core.examples.imported import Imported

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
LOCAL = "local"
ALL_READ, SOME_REJECTED = 0, 1
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass
class _Counted:
    """The lengths in tokens of the training examples, by encoding."""

    examples: int = 0
    rejected: int = 0
    lengths: dict[str, Counter[int]] = field(default_factory=dict)

    def tokens(self, encoding: str, limit: int | None = None) -> int:
        """Tokens of one pass, each example cut at the limit."""
        lengths = self.lengths[encoding].items()
        return sum(n * (length if limit is None else min(length, limit)) for length, n in lengths)

    def too_long(self, encoding: str, limit: int) -> int:
        return sum(n for length, n in self.lengths[encoding].items() if length > limit)


def estimate(arguments: Namespace) -> int:
    """Print what training costs. Raises InputError, TableError and OSError."""
    today = datetime.now(tz=UTC).date()
    prices = load_prices((RESOURCES / "prices" / "pricing.json").read_bytes())
    models = _models(arguments.model, prices, today)
    with examples_in(arguments.file, arguments.sheet) as examples:
        counted = _count(examples, {model.encoding for model in models} or {O200K})
        for note in examples.notes:
            tell(note)
    if not counted.examples:
        raise InputError(_nothing(counted.rejected, examples.unit))
    epochs = arguments.epochs or automatic_epochs(counted.examples)
    _put_tokens(counted, epochs, is_chosen=arguments.epochs is not None)
    for model in models:
        _put_price(model, counted, epochs, today)
    if arguments.model in (None, LOCAL):
        put("This computer: free.")
    put("An estimate: a service may choose other passes, and bills what it counted itself.")
    if counted.rejected:
        unread = amount(counted.rejected, examples.unit)
        tell(f"{unread} could not be read and do not count. exemplar check says why.")
    return SOME_REJECTED if counted.rejected else ALL_READ


def _nothing(n_rejected: int, unit: str) -> str:
    if n_rejected:
        return f"None of its {amount(n_rejected, unit)} can be read. exemplar check says why."
    return "There are no examples in it to train on."


def _models(name: str | None, prices: PriceList, today: date) -> Sequence[ModelPrice]:
    if name == LOCAL:
        return ()
    if name is None:
        return [p for p in prices.current if p.training is not None and p.can_be_tuned_on(today)]
    model = prices.find(name)
    if model is None or model.training is None:
        known = ", ".join(p.base_model for p in prices.current if p.training is not None)
        raise InputError(
            f"No price a token is known for the model {name}. Known: {known}, {LOCAL}."
        )
    return [model]


def _count(examples: Examples, encodings: set[str]) -> _Counted:
    counter = TokenCounter(RESOURCES / "tokenizers")
    counted = _Counted(lengths={encoding: Counter() for encoding in encodings})
    try:
        for item in examples.items():
            if not isinstance(item, Imported):
                counted.rejected += 1
            elif item.split != "test":
                counted.examples += 1
                for encoding, lengths in counted.lengths.items():
                    lengths[counter.count(item.conversation, encoding)] += 1
    except TokenizerError as error:
        raise InputError(f"The tokens cannot be counted: {error}.") from error
    return counted


def _put_tokens(counted: _Counted, epochs: int, *, is_chosen: bool) -> None:
    for encoding in sorted(counted.lengths):
        tokens = counted.tokens(encoding)
        put(
            f"{amount(counted.examples, 'training example')}, {tokens:,} tokens in one pass "
            f"({encoding})."
        )
    why = "as chosen" if is_chosen else "as a service would choose"
    put(f"{amount(epochs, 'pass', 'passes')} (epochs), {why}.")


def _put_price(model: ModelPrice, counted: _Counted, epochs: int, today: date) -> None:
    assert model.training is not None
    billed = counted.tokens(model.encoding, model.example_limit)
    cost = training_cost(billed, epochs, model.training)
    put(
        f"{model.base_model}: {_money(cost)} for {billed * epochs:,} tokens at "
        f"{_money(model.training)} per million, a price of {_day(model.as_of)}."
        f"{_cut(counted, model)}{_closing(model, today)}"
    )


def _cut(counted: _Counted, model: ModelPrice) -> str:
    n = counted.too_long(model.encoding, model.example_limit)
    if not n:
        return ""
    return f" {amount(n, 'example')} longer than {model.example_limit:,} tokens would be cut."


def _closing(model: ModelPrice, today: date) -> str:
    if not model.can_be_tuned_on(today):
        return " It cannot be tuned any more."
    return f" No new jobs from {_day(str(model.closes))}."


def _money(usd: Decimal) -> str:
    return "under $0.01" if 0 < usd < Decimal("0.01") else f"${usd:,.2f}"


def _day(text: str) -> str:
    """Return a date in words; a month or other words as they stand."""
    if not _ISO_DAY.fullmatch(text):
        return text
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"
