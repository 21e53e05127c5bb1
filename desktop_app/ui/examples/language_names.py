"""Languages in the words of the program."""

from PySide6.QtCore import QCoreApplication, QLocale


def language_name(code: str) -> str:
    """The English name of a language by its ISO 639 code."""
    if not code:
        return QCoreApplication.translate("Languages", "Not known")
    language = QLocale.codeToLanguage(code)
    return code if language == QLocale.Language.AnyLanguage else QLocale.languageToString(language)
