"""What training will cost, once, and what replies will cost after it.

Formulas: openai-cookbook, Chat_finetuning_data_prep (b774cbf), and OpenAI's fine-tuning guide.
An estimate, not an offer: a service may choose other epochs and bills what it counted itself.
"""

from decimal import Decimal

TARGET_EPOCHS, MIN_EPOCHS, MAX_EPOCHS = 3, 1, 25
MIN_TARGET_EXAMPLES, MAX_TARGET_EXAMPLES = 100, 25_000
MILLION = 1_000_000


def automatic_epochs(n_examples: int) -> int:
    """Return the epochs that a service is expected to choose for so many training examples."""
    if n_examples <= 0:
        return TARGET_EPOCHS
    if n_examples * TARGET_EPOCHS < MIN_TARGET_EXAMPLES:
        return min(MAX_EPOCHS, MIN_TARGET_EXAMPLES // n_examples)
    if n_examples * TARGET_EPOCHS > MAX_TARGET_EXAMPLES:
        return max(MIN_EPOCHS, MAX_TARGET_EXAMPLES // n_examples)
    return TARGET_EPOCHS


def training_cost(tokens: int, epochs: int, per_million: Decimal) -> Decimal:
    """Return dollars for training on so many tokens an epoch; test examples are not charged."""
    return Decimal(tokens) * epochs * per_million / MILLION


def replies_cost(
    prompt_tokens: int,
    reply_tokens: int,
    input_per_million: Decimal,
    output_per_million: Decimal,
    n_replies: int = 1000,
) -> Decimal:
    """Return dollars for replies of this length to prompts of this length."""
    one = prompt_tokens * input_per_million + reply_tokens * output_per_million
    return n_replies * one / MILLION


def local_seconds(tokens: int, epochs: int, tokens_per_second: float) -> float:
    """Return the time that training takes on this computer, at the speed measured on it."""
    return tokens * epochs / tokens_per_second
