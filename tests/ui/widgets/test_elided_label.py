from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.ui.widgets.elided_label import ElidedLabel
from desktop_app.ui.widgets.parts import isolated

TEXT = "A title that needs more room than it gets, whatever it says"


def test_a_title_is_shortened_where_there_is_no_room(qtbot: QtBot) -> None:
    label = ElidedLabel("title")
    qtbot.addWidget(label)
    label.show_text(TEXT)
    label.resize(label.sizeHint())
    label.show()
    assert label.text() == isolated(TEXT)
    assert label.toolTip() == ""
    label.resize(120, 30)
    assert "…" in label.text()
    assert label.toolTip() == label.accessibleName() == TEXT
    assert label.minimumSizeHint().width() < 120


def test_a_users_text_keeps_its_own_direction() -> None:
    assert isolated("أحب!") == "\u2068أحب!\u2069"
    assert isolated("") == ""


def test_the_middle_of_a_name_gives_way_and_the_words_around_it_stay(qtbot: QtBot) -> None:
    label = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
    qtbot.addWidget(label)
    name = "questions_of_the_whole_year_as_the_shop_wrote_them_down.csv"
    label.show_text(name, "%1, row 52")
    label.resize(180, 30)
    label.show()
    assert label.fontMetrics().horizontalAdvance(label.text()) <= 180
    assert label.text().endswith("\u2069, row 52")
    assert "…" in label.text()
    assert label.toolTip() == name
    assert label.accessibleName() == f"{name}, row 52"
