"""What the tests of the Examples tab share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.examples.finding_desk import FindingDesk


@pytest.fixture
def finding(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[FindingDesk]:
    with FindingDesk(qtbot, qapp, tmp_path) as desk:
        yield desk
    desk.theme.deleteLater()
    qapp.setStyleSheet("")
