"""Which language a text is in: by script, words and letters where they decide, else py3langid."""

import copy
import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from desktop_app.core.examples.advice.language_marks import by_letters, by_small_words

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LOOKED_AT = 300
"""Characters at the beginning; more do not make the answer surer."""

ENOUGH = 80
SURE_AT_ONCE = 0.7
"""Where py3langid is that sure of so many characters, the rest changes nothing."""

SCRIPT_LOOKED_AT = 80
"""A few dozen letters decide on the script."""

LEAST_LETTERS = 10
LEAST_LETTERS_OF_FEW = 6
"""Fewer letters say too little: of Latin, which most languages share, and of other scripts."""

SURE = 0.3
"""py3langid's own probability, below which the answer is wrong about as often as right."""

LATIN, CYRILLIC, ARABIC, DEVANAGARI = "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI"

_ONE_LANGUAGE = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "SINHALA": "si",
    "ORIYA": "or",
    "BENGALI": "bn",
    "ETHIOPIC": "am",
    "CJK": "zh",
}
# Without the languages of few speakers that short texts of large ones are mistaken for.
_BY_SCRIPT = {
    LATIN: (
        *("af", "az", "ca", "cs", "cy", "da", "de", "en", "es", "et", "eu", "fi", "fr", "ga"),
        *("gl", "ha", "hr", "hu", "id", "is", "it", "lt", "lv", "ms", "nl", "no", "pl", "pt"),
        *("ro", "sk", "sl", "sq", "sv", "sw", "tl", "tr", "uz", "vi", "yo", "zu"),
    ),
    CYRILLIC: ("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk"),
    ARABIC: ("ar", "fa", "ps", "ug", "ur"),
    DEVANAGARI: ("hi", "mr", "ne"),
}
_WITH_SMALL_WORDS = (LATIN, DEVANAGARI)
DENSE = frozenset(("ja", "zh", "ko", "th"))
"""Languages that say in a third of the letters what others do."""

_LETTERS = re.compile(r"[^\W\d_]")
_KANA = re.compile(r"[\u3041-\u30ff]")

_ALIKE = (
    frozenset(("no", "da", "sv")),
    frozenset(("hr", "sr", "sl", "mk", "bg")),
    frozenset(("id", "ms")),
    frozenset(("cs", "sk")),
    frozenset(("es", "pt", "gl", "ca", "it")),
    frozenset(("af", "nl")),
    frozenset(("ru", "uk", "be")),
    frozenset(("tr", "az", "uz")),
    frozenset(("hi", "mr", "ne")),
    frozenset(("fa", "ps", "ur", "ug")),
    frozenset(("kk", "ky", "tt", "mn", "tg")),
    # Short texts in Chinese characters alone may be either.
    frozenset(("zh", "ja")),
)


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, '' where it is too short to be told."""
    start = text[:LOOKED_AT]
    script, letters = _script_of(start)
    if script in _ONE_LANGUAGE:
        if script == "CJK" and _KANA.search(start):
            return "ja"
        return _ONE_LANGUAGE[script]
    if script not in _BY_SCRIPT:
        return ""
    if letters < (LEAST_LETTERS if script == LATIN else LEAST_LETTERS_OF_FEW):
        return ""
    language = by_small_words(start) if script in _WITH_SMALL_WORDS else ""
    language = language or by_letters(script, start)
    if language in _BY_SCRIPT[script]:
        return language
    identifier = _identifier(script)
    language, probability = identifier.classify(start[:ENOUGH])
    if probability < SURE_AT_ONCE and len(start) > ENOUGH:
        language, probability = identifier.classify(start)
    return language if probability >= SURE else ""


def are_different(one: str, other: str) -> bool:
    """Whether two languages are surely not the same; those often mistaken for each other may be."""
    if not one or not other or one == other:
        return False
    return not any(one in group and other in group for group in _ALIKE)


def _script_of(text: str) -> tuple[str, int]:
    """Return the script that counts, and how many letters of it there are."""
    if text.isascii():
        return LATIN, len(_LETTERS.findall(text[:SCRIPT_LOOKED_AT]))
    counts = Counter(map(_script, _LETTERS.findall(text[:SCRIPT_LOOKED_AT])))
    latin = counts.pop(LATIN, 0)
    script = max(counts, key=counts.__getitem__, default="")
    # Names, marks and addresses are in Latin letters in the midst of any other script.
    if script and 2 * counts[script] >= latin:
        return script, counts[script]
    return (LATIN, latin) if latin else ("", 0)


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0]


@cache
def _identifier(script: str) -> "LanguageIdentifier":
    identifier = copy.copy(_all_languages())
    identifier.set_languages(_BY_SCRIPT[script])
    return identifier


@cache
def _all_languages() -> "LanguageIdentifier":
    # It takes half a second, which no start of the window has to spend.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  # see above

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
