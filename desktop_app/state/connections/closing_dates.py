"""When a service closes, as far as that is known, said plainly."""

from datetime import date

from PySide6.QtCore import QCoreApplication

from desktop_app.provider.connections.profile import ConnectionProfile
from desktop_app.state.cost.texts import day


def closing_note(profile: ConnectionProfile, today: date) -> str:
    """Say, a line each, when no job is taken any more and when tuned models fall silent."""
    texts = []
    if profile.training_closes is not None:
        text = (
            _tr("Closed to new jobs since {date}.")
            if today >= profile.training_closes
            else _tr("Closes to new jobs on {date}.")
        )
        texts.append(text.format(date=day(profile.training_closes)))
    if profile.models_close is not None:
        text = (
            _tr("Tuned models have been silent since {date}.")
            if today >= profile.models_close
            else _tr("Tuned models fall silent on {date}.")
        )
        texts.append(text.format(date=day(profile.models_close)))
    return "\n".join(texts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("closing_dates", text)
