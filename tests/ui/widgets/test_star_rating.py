from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.star_rating import StarRating

Key = Qt.Key


@pytest.fixture
def stars(qtbot: QtBot, qapp: QApplication) -> Iterator[StarRating]:
    theme = Theme(qapp)
    result = StarRating(theme)
    qtbot.addWidget(result)
    result.show()
    yield result
    theme.deleteLater()


def test_keys_choose(qtbot: QtBot, stars: StarRating) -> None:
    told: list[int] = []
    stars.rated.connect(told.append)
    for key in (Key.Key_Right, Key.Key_4, Key.Key_Left, Key.Key_Backspace, Key.Key_Left):
        qtbot.keyClick(stars, key)
    assert told == [1, 4, 3, 0]


def test_a_click_chooses_and_one_on_the_last_star_takes_all_off(
    qtbot: QtBot, stars: StarRating
) -> None:
    told: list[int] = []
    stars.rated.connect(told.append)
    third = QPoint(stars.width() // 2, stars.height() // 2)
    qtbot.mouseClick(stars, Qt.MouseButton.LeftButton, pos=third)
    qtbot.mouseClick(stars, Qt.MouseButton.LeftButton, pos=third)
    assert told == [3, 0]


def test_mixed_becomes_what_is_chosen(qtbot: QtBot, stars: StarRating) -> None:
    told: list[int] = []
    stars.rated.connect(told.append)
    stars.show_rating(None)
    assert stars.accessibleDescription() == "mixed"
    qtbot.keyClick(stars, Key.Key_0)
    assert told == [0]
    assert not stars.is_mixed


def test_lit_stars_are_painted_otherwise(stars: StarRating) -> None:
    stars.show_rating(1)
    one = stars.grab().toImage()
    stars.show_rating(5)
    assert stars.grab().toImage() != one
