"""OpenAI itself.

Source of the dates: OpenAI's deprecations page (copy of 2026-06-27) and its announcement of
2026-10-14.
"""

from datetime import date

from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile, DataPlace
from desktop_app.provider.provider import Capabilities

BASE_URL = "https://api.openai.com/v1"


def openai_profile(connection_id: str, name: str) -> ConnectionProfile:
    """Return the profile of OpenAI's own service."""
    return ConnectionProfile(
        id=connection_id,
        kind=ConnectionKind.OPENAI,
        name=name,
        base_url=BASE_URL,
        needs_key=True,
        capabilities=Capabilities(pause=True),
        data_place=DataPlace.OPENAI,
        training_closes=date(2027, 1, 6),
        models_close=date(2027, 1, 14),
    )
