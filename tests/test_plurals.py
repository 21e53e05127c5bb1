import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from tools.plurals import plural, singular

ROOT = Path(__file__).resolve().parents[1]


def test_the_english_plurals_are_those_of_the_code() -> None:
    command = [sys.executable, str(ROOT / "tools" / "plurals.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("source", "one", "many"),
    [
        ("%n conversation(s)", "%n conversation", "%n conversations"),
        ("%n repl(ies|y) do not fit", "%n reply does not fit", "%n replies do not fit"),
        ("%n line(s) were left out", "%n line was left out", "%n lines were left out"),
        ("%n more message(s) are kept", "%n more message is kept", "%n more messages are kept"),
    ],
)
def test_verbs_agree(source: str, one: str, many: str) -> None:
    assert singular(source) == one
    assert plural(source) == many


def test_a_counted_text_is_said_in_the_right_number(qapp: QCoreApplication) -> None:
    translator = QTranslator()
    assert translator.load(str(ROOT / "resources" / "translations" / "exemplar_en.qm"))
    qapp.installTranslator(translator)
    try:
        said = [
            QCoreApplication.translate("MainWindow", "%Ln conversation(s)", "", n) for n in (1, 2)
        ]
        assert said == ["1 conversation", "2 conversations"]
    finally:
        qapp.removeTranslator(translator)
