"""Widgets speak as they do in the program: counted texts in their singular and plural."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

TRANSLATIONS = Path(__file__).resolve().parents[2] / "resources" / "translations"


@pytest.fixture(scope="package", autouse=True)
def _english(qapp: QApplication) -> Iterator[None]:
    translator = QTranslator()
    assert translator.load(str(TRANSLATIONS / "exemplar_en.qm"))
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
