"""What a comparison allows to say, in plain words and no more than its interval does."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.evaluation.report import (
    FEW,
    FEWEST,
    Estimate,
    ExactComparison,
    LossComparison,
    Report,
    Verdict,
)
from desktop_app.state.evaluation.tables import rounded

TONES = {Verdict.BETTER: "good", Verdict.WORSE: "bad"}


def loss_verdict(compared: LossComparison, first: str, second: str) -> str:
    """Say which model the wanted replies surprise less."""
    texts = {
        Verdict.BETTER: _tr(
            "The wanted replies surprise {first} less than {second}: its loss is lower on "
            "{n_lower} of {n} conversations; {difference}."
        ),
        Verdict.WORSE: _tr(
            "The wanted replies surprise {first} more than {second}: its loss is lower on only "
            "{n_lower} of {n} conversations; {difference}."
        ),
        Verdict.UNCLEAR: _tr(
            "No clear difference in surprise between {first} and {second}: the loss of {first} is "
            "lower on {n_lower} of {n} conversations; {difference}, which includes 0."
        ),
        Verdict.TOO_FEW: _tr(
            "The loss of {first} is lower than that of {second} on {n_lower} of {n} conversations. "
            "That is too few to say more; {fewest} are the least."
        ),
        Verdict.NOT_MEASURED: _tr(
            "Surprise was not measured: it takes a service that tells how likely it finds a given "
            "reply, as the engine on this computer does."
        ),
        Verdict.NOT_COMPARABLE: _tr(
            "The losses cannot be compared: {first} and {second} cut text into different tokens."
        ),
    }
    return texts[compared.verdict].format(
        first=_named(first),
        second=_named(second),
        n_lower=compared.n_lower,
        n=compared.n,
        fewest=FEWEST,
        difference=_difference(compared.difference),
    )


def exact_verdict(compared: ExactComparison, first: str, second: str) -> str:
    """Say which model gives the wanted reply word for word more often; '' if neither ever does."""
    differing = compared.n_first_only + compared.n_second_only
    if compared.verdict == Verdict.NOT_MEASURED:
        return ""
    if not differing:
        if compared.n == 1:
            return _tr("Word for word, both did the same on the one conversation.")
        return _tr("Word for word, both did the same on all {n} conversations.").format(
            n=compared.n
        )
    texts = {
        Verdict.BETTER: _tr("Word for word, {first} is right more often: {counts}."),
        Verdict.WORSE: _tr("Word for word, {first} is right less often: {counts}."),
    }
    unclear = _tr("Word for word, there is no clear difference: {counts}.")
    counts = _tr("{first} alone on {n_first}, {second} alone on {n_second} of {n} conversations")
    names = {"first": _named(first), "second": _named(second)}
    said = counts.format(
        **names, n_first=compared.n_first_only, n_second=compared.n_second_only, n=compared.n
    )
    return texts.get(compared.verdict, unclear).format(**names, counts=said)


def caution(report: Report, skipped: int) -> str:
    """Say what weakens the figures; '' if nothing does."""
    lines = []
    n = report.n_cases
    if 0 < n < FEW:
        text = _tr(
            "Only {n} test conversations: the intervals are wide, and a few more examples can "
            "turn the result. Set at least {few} aside."
        )
        if n == 1:
            text = _tr("One test conversation shows next to nothing. Set at least {few} aside.")
        lines.append(text.format(n=n, few=FEW))
    if skipped:
        lines.append(_tr("Left out, as they hold no reply to compare with: {n}.").format(n=skipped))
    return " ".join(lines)


def _difference(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return _tr("difference {value} per token, 95 % interval {low} to {high}").format(
        value=rounded(estimate.value, 2),
        low=rounded(estimate.low, 2),
        high=rounded(estimate.high, 2),
    )


def _named(name: str) -> str:
    return f"“{name}”"


def _tr(text: str) -> str:
    return QCoreApplication.translate("VerdictTexts", text)
