"""From what the SDK raises to what the user can do about it.

Source of codes and statuses: OpenAI error-codes guide and API reference (2026-08-21); texts that
compatible servers send were seen in practice.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import openai

from desktop_app.provider.provider import ErrorKind, ProviderError

MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
CODE_KINDS = {
    **dict.fromkeys(MONEY_CODES, ErrorKind.NO_CREDIT),
    "training_not_available": ErrorKind.TRAINING_CLOSED,
    "invalid_api_key": ErrorKind.WRONG_KEY,
    "missing_scope": ErrorKind.NOT_ALLOWED,
    "ip_not_authorized": ErrorKind.NOT_ALLOWED,
    "rate_limit_exceeded": ErrorKind.TOO_MANY_REQUESTS,
    "daily_rate_limit_exceeded": ErrorKind.TOO_MANY_REQUESTS,
    "slow_down": ErrorKind.TOO_MANY_REQUESTS,
    "server_error": ErrorKind.SERVICE_FAULT,
    "service_unavailable_error": ErrorKind.SERVICE_FAULT,
    "server_is_overloaded": ErrorKind.SERVICE_FAULT,
    "invalid_request_error": ErrorKind.REFUSED,
    "context_length_exceeded": ErrorKind.REFUSED,
}
STATUS_KINDS = {
    401: ErrorKind.WRONG_KEY,
    402: ErrorKind.NO_CREDIT,
    403: ErrorKind.NOT_ALLOWED,
    404: ErrorKind.NOT_FOUND,
    405: ErrorKind.NOT_OFFERED,
    408: ErrorKind.TIMED_OUT,
    429: ErrorKind.TOO_MANY_REQUESTS,
    501: ErrorKind.NOT_OFFERED,
    504: ErrorKind.TIMED_OUT,
}
DETAIL_LIMIT = 600
NOT_OFFERED_STATUSES = frozenset({404, 405, 501})
UNKNOWN_PATH = ("Invalid URL", "Unknown request URL")

_KEY_LIKE = re.compile(r"\b(?:sk|rk|hf|gsk|xai|nvapi)[-_][\w*.\-]{6,}|(?i:bearer)\s+\S+")
_TRY_AGAIN = re.compile(r"try again in (?:(\d+)m)?(?:([\d.]+)s)?", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@contextmanager
def provider_errors(key: str = "") -> Iterator[None]:
    """Turn whatever is raised inside into ProviderError, cleansed of this key and all like it."""
    try:
        yield
    except ProviderError:
        raise
    except openai.APIStatusError as error:
        raise _of_status(error, key) from None
    except openai.APITimeoutError as error:
        unreachable = isinstance(error.__cause__, httpx2.ConnectTimeout)
        kind = ErrorKind.NO_CONNECTION if unreachable else ErrorKind.TIMED_OUT
        raise ProviderError(kind) from None
    except openai.APIConnectionError as error:
        detail = _cleanse(str(error.__cause__ or ""), key)
        raise ProviderError(ErrorKind.NO_CONNECTION, detail) from None
    except openai.APIError as error:
        kind = _kind_of_code(error) or ErrorKind.SERVICE_FAULT
        raise ProviderError(kind, _cleanse(error.message, key), param=error.param) from None
    except httpx2.InvalidURL as error:
        raise ProviderError(ErrorKind.NO_CONNECTION, _cleanse(str(error), key)) from None
    except OSError as error:
        raise ProviderError(ErrorKind.REFUSED, error.strerror or "") from error
    except Exception as error:  # an answer may have any shape; the SDK trips as it may
        raise ProviderError(ErrorKind.SERVICE_FAULT, type(error).__name__) from error


def is_final(response: httpx2.Response) -> bool:
    """Whether a 429 will not pass by waiting a moment: money, or a limit a day. Needs the body."""
    try:
        error = response.json()["error"]
        codes = {error.get("code"), error.get("type")}
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return bool(codes & (MONEY_CODES | {"daily_rate_limit_exceeded"}))


def _of_status(error: openai.APIStatusError, key: str) -> ProviderError:
    return ProviderError(
        _kind_of_code(error) or _kind_of_status(error),
        _cleanse(_words(error), key),
        param=error.param if isinstance(error.param, str) else None,
        retry_after=_retry_after(error),
        request_id=error.request_id,
    )


def _kind_of_code(error: openai.APIError) -> ErrorKind | None:
    kind = CODE_KINDS.get(str(error.code)) or CODE_KINDS.get(str(error.type))
    # Many servers call every refusal an invalid request: then the status says more.
    return kind if kind is not ErrorKind.REFUSED or _status(error) in (None, 400) else None


def _status(error: openai.APIError) -> int | None:
    return error.status_code if isinstance(error, openai.APIStatusError) else None


def _kind_of_status(error: openai.APIStatusError) -> ErrorKind:
    status = error.status_code
    # A service that knows the path says in its own form what it has not found.
    message = _message(error.body)
    if status == 404 and (not message or message.startswith(UNKNOWN_PATH)):
        return ErrorKind.NOT_OFFERED
    if status in STATUS_KINDS:
        return STATUS_KINDS[status]
    return ErrorKind.SERVICE_FAULT if status >= 500 else ErrorKind.REFUSED


def _message(body: object) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else ""


def _words(error: openai.APIStatusError) -> str:
    if message := _message(error.body):
        return message
    if 300 <= error.status_code < 400:
        # Its host only: an address may carry a ticket.
        return (
            f"{error.status_code} → {httpx2.URL(error.response.headers.get('location', '')).host}"
        )
    text = error.body if isinstance(error.body, str) else ""
    if title := _TITLE.search(text):
        text = html.unescape(title[1])
    elif text.lstrip().startswith("<"):
        text = ""
    return text.strip() or f"{error.status_code} {error.response.reason_phrase}".strip()


def _cleanse(text: str, key: str) -> str:
    if key:
        text = text.replace(key, "…")
    return " ".join(_KEY_LIKE.sub("…", text).split())[:DETAIL_LIMIT]


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        return float(error.response.headers.get("retry-after", ""))
    except ValueError:
        found = _TRY_AGAIN.search(_message(error.body))
    if found is None or not (found[1] or found[2]):
        return None
    return 60.0 * float(found[1] or 0) + float((found[2] or "0").rstrip(".") or 0)
