"""Names of things: random where they must be new, derived where they must be the same again."""

import hashlib
import re
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def random_id(prefix: str, length: int = 24) -> str:
    """Return a new id: a prefix such as file- and random letters."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def derived_id(prefix: str, *parts: object, length: int = 24) -> str:
    """Return the id that belongs to these parts: the same after a restart."""
    number = int.from_bytes(hashlib.sha256(repr(parts).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return prefix + "".join(letters)


def tuned_model_name(base: str, suffix: str | None, job_id: str, step: int | None = None) -> str:
    """Return ft:{base}:local:{suffix}:{8 letters}, with :ckpt-step-N for an earlier checkpoint.

    What could not stand in such a name becomes a hyphen.
    """
    plain_suffix = re.sub(r"[^\w.-]+", "-", suffix or "")
    name = f"ft:{base}:local:{plain_suffix}:{derived_id('', job_id, step, length=8)}"
    return name if step is None else f"{name}:ckpt-step-{step}"
