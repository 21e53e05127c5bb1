"""What services charge, as observed on a date. Amounts are US dollars."""

import re
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct

PER_TOKENS = "per_1m_tokens"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class ModelPrice(Struct, frozen=True):
    """The price of tuning and using one model, as it was on a day.

    Prices are per million tokens, None where there is none; `training` is None for models that
    are not billed by token. `as_of` is a date or part of one, as the source has it. `sources` are
    in words, `confidence` says how sure the figures are. `closes` is the day from which no job can
    be created; `shutdown` the day on which the model falls silent, `shutdown_note` the source's
    own wording of it.
    """

    base_model: str
    as_of: str
    encoding: str
    example_limit: int
    training: Decimal | None
    input: Decimal | None
    output: Decimal | None
    base_input: Decimal | None
    base_output: Decimal | None
    methods: tuple[str, ...]
    aliases: tuple[str, ...]
    closes: date | None
    shutdown: date | None
    shutdown_note: str
    sources: tuple[str, ...]
    confidence: str
    is_history: bool = False

    def can_be_tuned_on(self, day: date) -> bool:
        """Whether anyone at all may create a job on that day."""
        return self.closes is not None and day < self.closes and not self.is_history


class PriceList(Struct, frozen=True):
    """All prices that are known: the newest of each model, and earlier ones."""

    generated_on: date
    warning: str
    current: tuple[ModelPrice, ...]
    history: tuple[ModelPrice, ...]

    def find(self, model: str) -> ModelPrice | None:
        """Return the newest price of a base model, of its alias, or of a model tuned from it."""
        base = model.removeprefix("ft:").split(":", 1)[0]
        for price in self.current:
            if base == price.base_model or base in price.aliases:
                return price
        return None


class _Source(Struct):
    what: str
    as_of: str | None


class _Training(Struct):
    price: Decimal
    unit: str


class _Inference(Struct):
    input: Decimal
    output: Decimal


class _Model(Struct):
    base_model: str
    tokenizer_encoding: str
    methods: tuple[str, ...]
    training: _Training
    fine_tuned_inference_per_1m: _Inference
    base_inference_per_1m: _Inference
    max_tokens_per_training_example: int
    new_jobs_end: date | None
    model_shutdown: str
    as_of: str
    sources: tuple[str, ...]
    confidence: str
    aliases: tuple[str, ...] = ()


class _Earlier(Struct):
    base_model: str
    valid_from: str = msgspec.field(name="from")
    sources: tuple[str, ...]
    confidence: str
    training_per_1k: Decimal | None = None
    training_per_1m: Decimal | None = None
    input_per_1k: Decimal | None = None
    output_per_1k: Decimal | None = None
    note: str = ""


class _File(Struct):
    generated_on: date
    warning: str
    sources: dict[str, _Source]
    openai_fine_tunable: tuple[_Model, ...]
    price_history: tuple[_Earlier, ...]


def load_prices(data: bytes) -> PriceList:
    """Read the price file. Raises msgspec.MsgspecError if it is not one."""
    file = msgspec.json.decode(data, type=_File)
    current = tuple(_current(model, file.sources) for model in file.openai_fine_tunable)
    newest = PriceList(file.generated_on, file.warning, current, ())
    history = tuple(_earlier(entry, newest, file.sources) for entry in file.price_history)
    return msgspec.structs.replace(newest, history=history)


def _current(model: _Model, sources: dict[str, _Source]) -> ModelPrice:
    shutdown = _DATE.search(model.model_shutdown)
    return ModelPrice(
        base_model=model.base_model,
        as_of=model.as_of,
        encoding=model.tokenizer_encoding,
        example_limit=model.max_tokens_per_training_example,
        training=model.training.price if model.training.unit == PER_TOKENS else None,
        input=model.fine_tuned_inference_per_1m.input,
        output=model.fine_tuned_inference_per_1m.output,
        base_input=model.base_inference_per_1m.input,
        base_output=model.base_inference_per_1m.output,
        methods=model.methods,
        aliases=model.aliases,
        closes=model.new_jobs_end,
        shutdown=date.fromisoformat(shutdown[0]) if shutdown else None,
        shutdown_note=model.model_shutdown,
        sources=_worded(model.sources, sources),
        confidence=model.confidence,
    )


def _earlier(entry: _Earlier, newest: PriceList, sources: dict[str, _Source]) -> ModelPrice:
    """Take what an earlier price does not tell, such as the limits, from the model's entry."""
    model = newest.find(entry.base_model)
    if model is None:
        raise msgspec.ValidationError(f"price history of an unknown model: {entry.base_model}")
    per_1k = entry.training_per_1k
    return msgspec.structs.replace(
        model,
        base_model=entry.base_model,
        as_of=entry.valid_from,
        training=entry.training_per_1m if per_1k is None else per_1k * 1000,
        input=None if entry.input_per_1k is None else entry.input_per_1k * 1000,
        output=None if entry.output_per_1k is None else entry.output_per_1k * 1000,
        base_input=None,
        base_output=None,
        aliases=(),
        sources=_worded(entry.sources, sources),
        confidence="; ".join(filter(None, (entry.confidence, entry.note))),
        is_history=True,
    )


def _worded(keys: tuple[str, ...], sources: dict[str, _Source]) -> tuple[str, ...]:
    found = (sources[key] for key in keys if key in sources)
    return tuple(f"{s.what} ({s.as_of})" if s.as_of else s.what for s in found)
