"""The program's window with a project of four conversations about a shop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop_app.app import Places, Program
from tests.ui.examples.dialogs.dialog_bench import chat


@pytest.fixture
def program(qapp: QApplication, tmp_path: Path) -> Iterator[Program]:
    program = Program(qapp, Places(tmp_path / "config", tmp_path / "engine", tmp_path))
    program.window.resize(1200, 800)
    program.window.show()
    program.open_project.create(tmp_path / "one.exemplar")
    questions = ("Where is my parcel?", "The Parcel is late", "How do I return a vase?", "A mug")
    program.open_project.add([chat(question) for question in questions])
    yield program
    program.shut_down()
    program.window.deleteLater()
    program.deleteLater()
    qapp.setStyleSheet("")
