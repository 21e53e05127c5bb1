"""In which encoding the beginning of a file is written."""

import codecs
import unicodedata
from collections import Counter

_MARKS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)

_USUAL = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949", "koi8_r",
)  # fmt: skip
"""What programs write when it is not Unicode; the first wins where several fit equally."""

_ALIKE = 0.1
"""Differences of charset-normalizer's figures (0 to 1) that mean nothing on a few lines."""

_SAMPLE = 65_536
"""Bytes that an old encoding is told by; all of them from lines that are not ASCII."""


def find_encoding(head: bytes) -> str:
    """Return the codec for a file that begins with `head`: UTF-8 unless something speaks against.

    A file of which most lines that are not ASCII are UTF-8 is that, with damaged places.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wide := _without_mark(head):
        return wide
    valid, invalid = _odd_lines(head)
    return "utf-8" if len(valid) >= len(invalid) else _old_encoding(b"\n".join(invalid))


def decoded(head: bytes, encoding: str) -> str:
    """Return the text of a beginning, without its mark; a character that is cut off is left out."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(head).removeprefix("\ufeff")


def _without_mark(head: bytes) -> str:
    """Return which UTF-16 has its zero bytes where `head` has them, '' if it has but a few."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    many, few = max(even, odd), min(even, odd)
    if many * 20 < len(head) or many < 2 or few * 10 > many:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _odd_lines(head: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the lines with other than ASCII, those that are UTF-8 and those that are not."""
    valid: list[bytes] = []
    invalid: list[bytes] = []
    for line in head.splitlines():
        if not line.isascii():
            (valid if _is_utf8(line) else invalid).append(line)
    last = head.splitlines()[-1] if head and not head.endswith((b"\n", b"\r")) else b""
    if invalid and last == invalid[-1] and _is_utf8(last, final=False):
        invalid.pop()
    return valid, invalid


def _is_utf8(line: bytes, *, final: bool = True) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line, final=final)
    except UnicodeDecodeError:
        return False
    return True


def _old_encoding(sample: bytes) -> str:
    # Imported only here: most files are UTF-8, and it is 20 ms that every start would pay.
    import charset_normalizer  # noqa: PLC0415  # see above

    sample = sample[:_SAMPLE]
    if _is_japanese(sample):
        return "cp932"
    found = list(charset_normalizer.from_bytes(sample, cp_isolation=list(_USUAL)))
    if not found:
        return "cp1252"
    best = min(match.chaos for match in found)
    alike = {
        name: _torn_words(str(match))
        for match in found
        if match.chaos <= best + _ALIKE / 5 and match.coherence >= found[0].coherence - _ALIKE
        for name in match.could_be_from_charset
    }
    return min(_USUAL, key=lambda name: alike.get(name, len(sample) + 1))


def _is_japanese(sample: bytes) -> bool:
    """Whether it is Shift JIS: few other texts, read that way, are full of hiragana."""
    text = sample.decode("cp932", errors="replace")
    odd = [character for character in text if not character.isascii()]
    return sum("ぁ" <= c <= "ん" for c in odd) * 4 >= len(odd) and "\ufffd" not in text[:-1]


def _torn_words(text: str) -> int:
    """How many signs stand between two letters, as where a letter was read as a sign."""
    kinds = [unicodedata.category(character)[0] for character in text]
    around = Counter(
        text[n]
        for n in range(1, len(text) - 1)
        if kinds[n] in "SN" and not text[n].isascii() and kinds[n - 1] == kinds[n + 1] == "L"
    )
    return around.total()
