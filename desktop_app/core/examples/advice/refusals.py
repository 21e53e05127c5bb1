"""Replies that refuse: a set with many of them teaches to refuse (fine-tuning best practices)."""

LOOKED_AT = 160
"""Characters at the beginning of a reply: a refusal comes first, and what is offered after it."""

PHRASES = (
    # English
    "i can't help with",
    "i cannot help with",
    "i can't assist",
    "i cannot assist",
    "i can't answer",
    "i cannot answer",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i can't provide",
    "i cannot provide",
    "i can't do that",
    "i cannot do that",
    "i won't be able to",
    # German, French, Spanish
    "dabei kann ich nicht",
    "kann ich leider nicht beantworten",
    "kann ich ihnen nicht helfen",
    "kann ich dir nicht helfen",
    "ich kann diese frage nicht",
    "je ne peux pas vous aider",
    "je ne peux pas t'aider",
    "je ne peux pas répondre",
    "je ne suis pas en mesure",
    "no puedo ayudar",
    "no puedo responder",
    "no me es posible",
    # Portuguese, Italian, Dutch
    "não posso ajudar",
    "não posso responder",
    "non posso aiutar",
    "non posso rispondere",
    "non sono in grado di",
    "daar kan ik niet mee helpen",
    "kan ik niet beantwoorden",
    "daar kan ik je niet mee",
    # Polish, Turkish, Russian, Ukrainian
    "nie mogę pomóc",
    "nie mogę odpowiedzieć",
    "yardımcı olamam",
    "bu soruyu yanıtlayamam",
    "не могу помочь",
    "не могу ответить",
    "не можу допомогти",
    "не можу відповісти",
    # Arabic, Persian, Hindi
    "لا أستطيع مساعدت",
    "لا يمكنني مساعدت",
    "لا أستطيع الإجابة",
    "لا يمكنني الإجابة",
    "نمی‌توانم کمک",
    "نمی‌توانم به این",
    "मदद नहीं कर सकता",
    "मदद नहीं कर सकती",
    "उत्तर नहीं दे सक",
    # Japanese, Chinese, Korean
    "お答えできません",
    "お手伝いできません",
    "回答できません",
    "お役に立てません",
    "我无法回答",
    "我无法提供",
    "我不能帮",
    "我無法回答",
    "我無法提供",
    "도와드릴 수 없",
    "도와 드릴 수 없",
    "답변드릴 수 없",
    "답변할 수 없",
)

OF_ITSELF = (
    *("as an ai", "as a language model", "als ki-", "en tant qu'ia", "en tant que modèle"),
    *("como modelo de lenguaje", "como um modelo de linguagem"),
)
NOT = (
    *("n't ", "not ", "cannot", "unable", " nicht", " kein", " ne ", "n'ai", "n'est"),
    *(" no ", " não ", "sin "),
)
"""Who speaks of itself as of a machine refuses with one of these, and else goes on to answer."""


def is_refusal(reply: str) -> bool:
    """Whether a reply begins by saying that it will not or cannot answer."""
    start = reply[:LOOKED_AT].casefold()
    phrases = _ASCII_PHRASES
    if not start.isascii():
        start = start.replace("\u2019", "'")
        phrases = PHRASES
    if any(map(start.__contains__, phrases)):
        return True
    return any(map(start.__contains__, OF_ITSELF)) and any(map(start.__contains__, NOT))


_ASCII_PHRASES = tuple(phrase for phrase in PHRASES if phrase.isascii())
