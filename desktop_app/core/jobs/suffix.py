"""The part of a tuned model's name that the user chooses."""

import re
import unicodedata


def clean_suffix(name: str, limit: int) -> str | None:
    """Return `name` in letters, digits and hyphens, at most `limit` of them; None if none is left.

    The allowed characters are undocumented; these are taken everywhere. Azure allows 18, OpenAI 64.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()
    return joined[:limit].rstrip("-") or None
