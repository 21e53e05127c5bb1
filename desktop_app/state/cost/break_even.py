"""When a tuned model, with a short prompt, has saved what its training cost."""

from dataclasses import dataclass

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class BreakEven:
    """Two ways to the same replies. Sums in USD; `base_reply` and `tuned_reply` for one reply."""

    training: float
    base_reply: float
    tuned_reply: float
    replies_a_month: int

    @property
    def replies(self) -> int | None:
        """Replies until the training is earned back; None if a tuned reply costs no less."""
        saved = self.base_reply - self.tuned_reply
        if saved <= 0:
            return None
        whole = round(self.training / saved, 6)
        return int(whole) + (whole > int(whole))

    @property
    def days(self) -> float | None:
        """The same in days, at as many replies a month as were said."""
        if self.replies is None or self.replies_a_month <= 0:
            return None
        return self.replies / self.replies_a_month * DAYS_A_MONTH

    def base(self, days: float) -> float:
        """What the base model has cost after so many days."""
        return self.base_reply * self.replies_a_month * days / DAYS_A_MONTH

    def tuned(self, days: float) -> float:
        """What the tuned model has cost after so many days, training included."""
        return self.training + self.tuned_reply * self.replies_a_month * days / DAYS_A_MONTH

    @property
    def horizon(self) -> float:
        """Days worth showing: a month, or so many that the crossing lies in their first half."""
        return max(DAYS_A_MONTH, min((self.days or 0) * 2, 24 * DAYS_A_MONTH))


def reply_price(
    prompt_tokens: float, reply_tokens: float, input_price: float, output_price: float
) -> float:
    """USD for one reply at prices per million tokens."""
    return (prompt_tokens * input_price + reply_tokens * output_price) / 1e6
