"""Questions to which a reply in another language is what was wanted."""

import re

_TRANSLATE = re.compile(
    "translat|übersetz|traduc|traduz|tradui|tradur|vertaal|vertal|tłumacz|çevir|перевед|перевод"
    "|переклад|ترجم|अनुवाद|翻译|翻譯|翻訳|번역"
    "|\\b(?:in|into|to) (?:english|german|french|spanish|italian|portuguese|dutch|polish|turkish"
    "|russian|ukrainian|arabic|hindi|japanese|chinese|korean)\\b",
    re.IGNORECASE,
)
_LATIN_WORD = re.compile("[A-Za-z]{3}")
_OTHER_WORD = re.compile("[\u0370-\u1fff\u3041-\u9fff\uac00-\ud7a3]{2}")
_CODE = "```"


def asks_for_another_language(asked: str, reply: str) -> bool:
    """Whether a question is for a translation, is in two scripts itself, or brings code."""
    if _CODE in reply or _TRANSLATE.search(asked):
        return True
    return bool(_OTHER_WORD.search(asked) and _LATIN_WORD.search(asked))
