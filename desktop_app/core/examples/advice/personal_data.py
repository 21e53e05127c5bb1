"""What in a text is likely somebody's: e-mail addresses, phone, card and account numbers.

Likely, not certainly: a number counts where its check digits are right and its form is usual.
"""

import re
from collections.abc import Iterator

from desktop_app.core.examples.advice.found import Found

EMAIL, PHONE, CARD, IBAN = "email_address", "phone_number", "card_number", "iban"

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
# Reserved for examples (RFC 2606), or left to be filled in.
_NOBODYS = re.compile(r"@example\.(?:com|net|org)$|(?:^|@)your", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,/-])[+(]{0,2}\d(?:[ \u00a0().\-/]{0,2}\d){6,30}(?![\w-]|[.,]\d)")
# Digits are named, as looking for a class takes three times as long.
_DIGIT = "[0-9\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\uff10-\uff19]"
_MANY_DIGITS = re.compile(rf"{_DIGIT}(?:[ \u00a0().\-/]{{0,2}}{_DIGIT}){{6}}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"\D+")
_DATE_OR_TIME = re.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d"
)
_NORTH_AMERICAN = re.compile(r"\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}")

# ISO/IEC 7812 ranges of the common issuers, and how many digits their numbers have.
_CARD = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}|35\d{14}|62\d{14}"
)
_REGIONS = ("DE", "GB", "FR", "ES", "IT", "NL", "BR", "IN", "JP", "CN", "RU", "TR", "PL", "AU")
"""Where a number with a leading zero or bracket and no country may be from: many numbers."""


def personal_data(text: str) -> Iterator[Found]:
    """Yield likely personal data, overlapping where a number may be two things."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if not _NOBODYS.search(match[0]):
                yield Found(EMAIL, match.start(), match.end())
    if not has_number(text):
        return
    for match in _IBAN.finditer(text):
        if (end := _end_of_iban(match)) is not None:
            yield Found(IBAN, match.start(), end)
    for match in _NUMBER.finditer(text):
        digits = _NOT_DIGITS.sub("", match[0])
        if is_card(digits):
            yield Found(CARD, match.start(), match.end())
        elif 7 <= len(digits) <= 15 and is_phone(match[0]):
            yield Found(PHONE, match.start(), match.end())


def has_number(text: str) -> bool:
    """Whether there are digits enough in a row for a number that is somebody's."""
    return _MANY_DIGITS.search(text) is not None


def is_card(digits: str) -> bool:
    """Whether digits are of the form of a payment card, with the right check digit."""
    if not _CARD.fullmatch(digits):
        return False
    from stdnum import luhn  # noqa: PLC0415  # rarely needed, and the window must start without

    return bool(luhn.is_valid(digits))


def is_phone(number: str) -> bool:
    """Whether a number is written like one for the phone, and is one that can be called."""
    if number.count("/") > 1 or _DATE_OR_TIME.search(number):
        return False
    if number.lstrip("(").startswith(("+", "00")):
        return _can_be_called("+" + _NOT_DIGITS.sub("", number).removeprefix("00"), None)
    if _NORTH_AMERICAN.fullmatch(number) and _can_be_called(number, "US"):
        return True
    if number.startswith(("0", "(0")):
        return any(_can_be_called(number, region) for region in _REGIONS)
    return False


def _can_be_called(number: str, region: str | None) -> bool:
    # Rarely needed, and the window must start without it.
    import phonenumbers  # noqa: PLC0415  # see above

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed)


def _end_of_iban(match: re.Match[str]) -> int | None:
    """Return where an account number ends; the words behind it may look like more of it."""
    # Rarely needed, and the window must start without it.
    from stdnum import iban  # noqa: PLC0415  # see above

    text = match[0]
    ends = [len(text)]
    ends += [each.start() for each in re.finditer(r"[ \u00a0]", text)][::-1]
    for end in ends:
        if iban.is_valid(text[:end].replace("\u00a0", " "), check_country=True):
            return match.start() + end
    return None
