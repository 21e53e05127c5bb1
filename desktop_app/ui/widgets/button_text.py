"""Users' words on buttons and in menus."""


def in_button(text: str) -> str:
    """Return a text such that Qt takes no & in it for the mark of a shortcut."""
    return text.replace("&", "&&")
