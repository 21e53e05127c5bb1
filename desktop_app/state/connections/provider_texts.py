"""What a service's "no" means and what to do about it, in plain words, for every tab."""

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from desktop_app.provider.connections.certificates import CertificateError
from desktop_app.provider.provider import ErrorKind, ProviderError

CONTEXT = "provider_texts"
TEXTS: dict[ErrorKind, object] = {  # QT_TRANSLATE_NOOP is typed as giving an object
    ErrorKind.NO_KEY: QT_TRANSLATE_NOOP(
        "provider_texts", "This connection needs a key. Enter it under Connections."
    ),
    ErrorKind.WRONG_KEY: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service does not accept this key. It may have been mistyped, replaced or switched "
        "off. Enter it again under Connections.",
    ),
    ErrorKind.NOT_ALLOWED: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The key is known, but this is not allowed with it. Ask whoever looks after the account "
        "for the permission, or use another key.",
    ),
    ErrorKind.TRAINING_CLOSED: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service no longer takes training jobs from this organisation: it is closing "
        "fine-tuning. Choose another connection; This computer always takes them.",
    ),
    ErrorKind.NO_CREDIT: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The account has no credit left or has reached its spending limit. Add credit or raise "
        "the limit on the service's billing page, then try again.",
    ),
    ErrorKind.TOO_MANY_REQUESTS: QT_TRANSLATE_NOOP(
        "provider_texts", "The service asks for fewer requests. Try again in a minute."
    ),
    ErrorKind.NOT_FOUND: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service does not know this model, job or file. A model that has just been trained "
        "can take a few minutes to appear; one that was removed or shut down does not come back.",
    ),
    ErrorKind.NOT_OFFERED: QT_TRANSLATE_NOOP(
        "provider_texts", "This service does not offer that. Another connection may."
    ),
    ErrorKind.REFUSED: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service refused the request as it was sent. Its reason stands under Details.",
    ),
    ErrorKind.SERVICE_FAULT: QT_TRANSLATE_NOOP(
        "provider_texts", "Something failed at the service. Try again in a few minutes."
    ),
    ErrorKind.NO_CONNECTION: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service cannot be reached. Check the network and the connection's address, then try "
        "again.",
    ),
    ErrorKind.TIMED_OUT: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The service did not answer in time. Check the network and try again.",
    ),
    ErrorKind.ENGINE_FAILED: QT_TRANSLATE_NOOP(
        "provider_texts",
        "The engine on this computer does not run. Start it again under Connections; the reason "
        "stands under Details.",
    ),
}
IN_WORDS = frozenset({ErrorKind.REFUSED, ErrorKind.SERVICE_FAULT, ErrorKind.NOT_FOUND})
"""Errors that an engine of the program's own words for the user: a full disk, a name taken."""

UNKNOWN_PATH = ("Invalid URL", "Unknown request URL")
_EARLIER = QT_TRANSLATE_NOOP(
    "provider_texts", "This engine is an earlier version that does not offer this."
)
_UNKNOWN_CERTIFICATE = QT_TRANSLATE_NOOP(
    "provider_texts",
    "Nobody vouches for the certificate of {host}, so nothing was sent. Open its connection and "
    "compare the fingerprint.",
)
_OTHER_CERTIFICATE = QT_TRANSLATE_NOOP(
    "provider_texts",
    "{host} shows another certificate than the one that was trusted. Somebody may be listening "
    "in between, or the engine was set up anew. Nothing was sent. Ask whoever looks after that "
    "computer before trusting it again.",
)
_SHOWN = QT_TRANSLATE_NOOP("provider_texts", "Shown now, SHA-256:\n{fingerprint}")
_TRUSTED = QT_TRANSLATE_NOOP("provider_texts", "Trusted, SHA-256:\n{fingerprint}")
_WAIT = QT_TRANSLATE_NOOP(
    "provider_texts", "The service asks for fewer requests. Try again in {seconds} seconds."
)
_REQUEST_ID = QT_TRANSLATE_NOOP("provider_texts", "Request id for the service's support: {id}")


def describe(error: ProviderError) -> tuple[str, str]:
    """Return what happened and what to do, and the detail: the service's words, its request id."""
    if isinstance(error, CertificateError):
        return _of_certificate(error)
    if error.kind == ErrorKind.TOO_MANY_REQUESTS and error.retry_after is not None:
        text = _tr(_WAIT).format(seconds=max(1, round(error.retry_after)))
    else:
        text = _tr(TEXTS[error.kind])
    detail = [error.detail]
    if error.request_id:
        detail.append(_tr(_REQUEST_ID).format(id=error.request_id))
    return text, "\n".join(line for line in detail if line)


def _of_certificate(error: CertificateError) -> tuple[str, str]:
    shown = _tr(_SHOWN).format(fingerprint=error.shown.fingerprint_in_lines)
    if error.trusted is None:
        return _tr(_UNKNOWN_CERTIFICATE).format(host=error.host), shown
    trusted = _tr(_TRUSTED).format(fingerprint=error.trusted.fingerprint_in_lines)
    return _tr(_OTHER_CERTIFICATE).format(host=error.host), f"{trusted}\n{shown}"


def in_words(error: ProviderError) -> str:
    """Word what an engine of the program's own did not do: its own words where they are plain.

    Else a plain sentence, and the details on lines of their own.
    """
    unknown = error.detail.startswith(UNKNOWN_PATH)
    if error.kind is ErrorKind.NOT_OFFERED and (unknown or error.detail.startswith("404")):
        return _tr(_EARLIER)
    is_plain = error.kind in IN_WORDS or error.kind is ErrorKind.NOT_OFFERED
    if is_plain and error.detail and not unknown:
        return error.detail
    return "\n".join(filter(None, describe(error)))


def _tr(text: object) -> str:
    return QCoreApplication.translate(CONTEXT, str(text))
