"""What is said in the terminal."""

import sys


def tell(text: str) -> None:
    """Say something beside the output, in one line."""
    sys.stderr.write(f"exemplar: {text}\n")


def put(text: str) -> None:
    """Write a line of the output."""
    sys.stdout.write(f"{text}\n")


def system_words(error: OSError) -> str:
    """Say what the system did not do, without the name of the file."""
    if isinstance(error, FileNotFoundError):
        return "There is no such file or folder."
    if isinstance(error, PermissionError):
        return "This user may not do that."
    return f"The system says: {error.strerror or error}."


def shown(text: str, length: int = 100) -> str:
    """Return the beginning of a text on one line, without what would steer the terminal."""
    words = " ".join(text[: 4 * length].split())
    plain = "".join(c if c.isprintable() else "?" for c in words)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def amount(count: int, one: str, more: str = "") -> str:
    """Return "1 row", "2 rows"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
