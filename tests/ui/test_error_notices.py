import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop_app.state.notices import Notice, Notices
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.ui.error_notices import ErrorNotices


@pytest.fixture
def notices(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Notice]]:
    """What is told, with the program's hooks in place."""
    told: list[Notice] = []
    hub, parent = Notices(), QObject()
    hub.posted.connect(told.append)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    ErrorNotices(hub, parent).install()
    yield told
    parent.deleteLater()


def fail(with_what: str) -> None:
    raise LookupError(with_what)


@pytest.mark.logs("desktop_app.ui.error_notices")
def test_a_fault_is_told_with_its_place_and_without_its_words(
    qtbot: QtBot, notices: list[Notice], caplog: pytest.LogCaptureFixture
) -> None:
    words = "what somebody wrote"
    try:
        fail(words)
    except LookupError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail, args=(words,))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(notices) == 2)
    for notice in notices:
        assert notice.level == "bad"
        assert "in fail" in notice.detail
        assert "LookupError" in notice.detail
        assert words not in notice.text + notice.detail
    assert words not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_a_project_file_that_says_no_is_no_fault_of_the_program(
    qtbot: QtBot, notices: list[Notice]
) -> None:
    error = ProjectError(ProjectErrorKind.NO_SPACE, Path("shop.exemplar"), "SQLITE_FULL")
    sys.excepthook(type(error), error, None)
    qtbot.waitUntil(lambda: bool(notices))
    assert notices[0].text.startswith("The disk is full.")
    assert notices[0].detail == "SQLITE_FULL"
