"""Names of services, and in few words why they refuse examples."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.texts import TEXTS


def service_name(service: str) -> str:
    """What a service of `core.examples.rules` is called."""
    names = {
        "openai": "OpenAI",
        "foundry": "Microsoft Foundry",
        "nebius": "Nebius",
        "local": _tr("This computer"),
    }
    return names.get(service, _tr("Another service"))


def refusal_text(code: str) -> str:
    """The title of a finding without the number of a message or what it quotes."""
    text = TEXTS.get(code)
    if text is None:
        return code
    title = text.title.replace("Message {number}", "A message")
    return title.replace("message {number}", "a message").replace("{detail}", "…")


def _tr(text: str) -> str:
    return QCoreApplication.translate("RefusalTexts", text)
