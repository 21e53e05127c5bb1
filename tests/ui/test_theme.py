import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from desktop_app.ui import theme as module
from desktop_app.ui.icons import FOLDER, icon
from desktop_app.ui.theme import DARK, LIGHT, Colours, Theme, style_sheet


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_every_ground(colours: Colours) -> None:
    pairs = [
        ("text", "window"), ("text", "surface"), ("text", "accent_soft"), ("text", "sunken"),
        ("muted", "window"), ("muted", "surface"), ("muted", "sunken"), ("on_accent", "accent"),
        ("good", "good_soft"), ("warning", "warning_soft"), ("bad", "bad_soft"),
        ("accent", "accent_soft"), ("accent", "surface"), ("text", "bad_soft"),
    ]  # fmt: skip
    for ink, ground in pairs:
        ratio = contrast(getattr(colours, ink), getattr(colours, ground))
        assert ratio >= 4.5, f"{ink} on {ground}: {ratio:.2f}"


def test_the_style_sheet_names_only_what_the_theme_has() -> None:
    known = {field.name for field in fields(Colours)} | {"chevron", "check"}
    source = Path(module.__file__).with_suffix(".qss").read_text(encoding="utf-8")
    used = set(re.findall(r"(?<!\$)\$([a-z_]+)", source))
    assert used <= known
    assert "$" not in style_sheet(LIGHT).replace("$-names", "")


def test_choosing_dark_changes_palette_and_icons(qapp: QApplication) -> None:
    before, sheet, font = QPalette(qapp.palette()), qapp.styleSheet(), qapp.font()
    theme = Theme(qapp)
    try:
        theme.choose("light")
        light = icon("plus").pixmap(16, 16).toImage()
        theme.choose("dark")
        assert theme.is_dark
        assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
        assert icon("plus").pixmap(16, 16).toImage() != light
    finally:
        theme.deleteLater()
        qapp.setPalette(before)
        qapp.setStyleSheet(sheet)
        qapp.setFont(font)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_can_be_drawn(qapp: QApplication, path: Path) -> None:
    image = icon(path.stem).pixmap(24, 24).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))


def test_other_scripts_are_drawn_without_a_word(qapp: QApplication) -> None:
    sheet, font = qapp.styleSheet(), qapp.font()
    theme = Theme(qapp)
    said: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _context, text: said.append(text))
    try:
        for text in ("नमस्ते दुनिया", "வணக்கம்", "مرحبا", "你好"):
            label = QLabel(text)
            label.grab()
            label.deleteLater()
    finally:
        qInstallMessageHandler(before)
        theme.deleteLater()
        qapp.setStyleSheet(sheet)
        qapp.setFont(font)
    assert [text for text in said if "OpenType" in text] == []
