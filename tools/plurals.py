"""Writes resources/translations/exemplar_en: the singular and plural of every counted text.

Texts are written in English in the code; only those with a number need a translation into it,
"%n conversation(s)" becoming "1 conversation" and "2 conversations". Run it after changing one:
`python tools/plurals.py`. With --check it changes nothing and fails if the files are out of date.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "resources" / "translations" / "exemplar_en.ts"
SINGULAR_WORDS = {"were": "was", "are": "is", "have": "has", "them": "it", "do": "does"}


def singular(source: str) -> str:
    """The text for one: no plural endings, and verbs that agree."""
    text = re.sub(r"\((?:s|es)\)", "", source)
    text = re.sub(r"(\w+)\(ies\|y\)", r"\1y", text)
    words = "|".join(SINGULAR_WORDS)
    return re.sub(rf"\b({words})\b", lambda match: SINGULAR_WORDS[match[1]], text)


def plural(source: str) -> str:
    """The text for any other number."""
    source = re.sub(r"\((ies)\|y\)", r"\1", source)
    return re.sub(r"\((s|es)\)", r"\1", source)


def collect(target: Path) -> None:
    """Gather the counted texts from the code. Raises CalledProcessError."""
    files = sorted(str(path) for path in (ROOT / "desktop_app").rglob("*.py"))
    command = ["pyside6-lupdate", "-pluralonly", "-no-obsolete", "-locations", "none"]
    program = str(Path(sys.executable).parent / command[0])
    subprocess.run(
        [program, *command[1:], *files, "-ts", str(target)], check=True, stdout=subprocess.DEVNULL
    )


def fill(target: Path) -> None:
    """Give every counted text its two forms."""
    tree = ET.parse(target)  # noqa: S314  # our own file
    tree.getroot().set("language", "en")
    for message in tree.iter("message"):
        source = message.findtext("source") or ""
        translation = message.find("translation")
        assert translation is not None
        translation.attrib.pop("type", None)
        translation.clear()
        for form in (singular(source), plural(source)):
            ET.SubElement(translation, "numerusform").text = form
    ET.indent(tree)
    target.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
        + ET.tostring(tree.getroot(), encoding="unicode")
        + "\n",
        encoding="utf-8",
    )


def main() -> int:
    """Make the files, or check that they are as they would be made."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / TARGET.name
        collect(fresh)
        fill(fresh)
        text = fresh.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        is_current = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        if not is_current:
            print("resources/translations is out of date: run python tools/plurals.py")
        return 0 if is_current else 1
    TARGET.write_text(text, encoding="utf-8")
    program = str(Path(sys.executable).parent / "pyside6-lrelease")
    subprocess.run([program, "-silent", str(TARGET)], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
