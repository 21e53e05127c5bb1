"""What in a text is likely a secret: keys of services, private keys, passwords.

The forms are those that the services document, as secret scanners look for them.
"""

import re
from collections.abc import Iterator

from desktop_app.core.examples.advice.found import Found

KEY, PASSWORD = "secret_key", "password"

# Looking for the mark first is 50 times as fast as the patterns.
_KEYS = {
    mark: re.compile(pattern)
    for mark, pattern in (
        ("sk-", r"(?<![\w-])sk-[A-Za-z0-9_-]{20,}"),
        ("_live_", r"(?<!\w)[spr]k_live_[A-Za-z0-9]{16,}"),
        ("whsec_", r"(?<!\w)whsec_[A-Za-z0-9]{20,}"),
        ("AKIA", r"(?<!\w)AKIA[0-9A-Z]{16}(?!\w)"),
        ("ASIA", r"(?<!\w)ASIA[0-9A-Z]{16}(?!\w)"),
        ("AIza", r"(?<!\w)AIza[0-9A-Za-z_-]{35}"),
        ("ghp_", r"(?<!\w)ghp_[A-Za-z0-9]{36,}"),
        ("gho_", r"(?<!\w)gho_[A-Za-z0-9]{36,}"),
        ("ghs_", r"(?<!\w)ghs_[A-Za-z0-9]{36,}"),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{40,}"),
        ("glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
        ("hf_", r"(?<!\w)hf_[A-Za-z]{30,}"),
        ("xox", r"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,}"),
        ("npm_", r"(?<!\w)npm_[A-Za-z0-9]{36}"),
        ("SG.", r"(?<!\w)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("shpat_", r"shpat_[a-fA-F0-9]{32}"),
        ("eyJ", r"(?<![\w-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
        (
            "PRIVATE KEY",
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,9999}?(?:-----END [A-Z ]+-----|\Z)",
        ),
        ("earer ", r"(?<=[Bb]earer )[A-Za-z0-9._~+/-]{24,}=*"),
    )
}
_WORDS = (
    r"pass(?:word|wd|phrase)|pwd|api[_ -]?key|secret[_ -]?key|access[_ -]?token|pin|passwort"
    r"|kennwort|mot de passe|contraseña|senha|palavra-passe|wachtwoord|hasło|пароль|şifre"
    r"|パスワード|密码|密碼|비밀번호|كلمة (?:المرور|السر)"
)
_NAMED = re.compile(
    rf"(?:(?<!\w)|(?<=[_-]))(?:{_WORDS})[\"']?(?: is| ist| est| es)?\s?$", re.IGNORECASE
)
_LONGEST_NAME = 32
_VALUE = re.compile(r"[:=：]\s?[\"'“]?([^\s\"'“”,;<>]{4,128})")
_PLACEHOLDER = re.compile(r"[*•.xX_…-]+|\[.*|<.*|\{.*|\$.*")
_MADE_UP = re.compile(r"[\d!@#$%^&*+=?~]")


def secrets(text: str) -> list[Found]:
    """Return likely secrets, each with its place."""
    found = [
        Found(KEY, match.start(), match.end())
        for mark in [mark for mark in _KEYS if mark in text]
        for match in _KEYS[mark].finditer(text)
    ]
    found.extend(_passwords(text))
    return found


def may_have_secrets(text: str) -> bool:
    """Whether a closer look is worth its time."""
    return any(map(text.__contains__, _KEYS)) or any(_passwords(text))


def _passwords(text: str) -> Iterator[Found]:
    for match in _VALUE.finditer(text):
        name = text[max(0, match.start() - _LONGEST_NAME) : match.start()]
        if (
            _MADE_UP.search(match[1])
            and not _PLACEHOLDER.fullmatch(match[1])
            and _NAMED.search(name)
        ):
            # The full stop of the sentence is left standing.
            yield Found(PASSWORD, match.start(1), match.end(1) - match[1].endswith("."))
