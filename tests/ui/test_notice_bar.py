from pytestqt.qtbot import QtBot

from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.ui.notice_bar import NoticeBar


def test_notices_are_shown_replaced_and_withdrawn(qtbot: QtBot) -> None:
    notices = Notices()
    bar = NoticeBar(notices)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    notices.post(Notice("The disk is full.", "bad", topic="disk"))
    notices.post(Notice("63 conversations imported.", "good", topic="import"))
    notices.post(Notice("The disk is still full.", "bad", topic="disk"))
    assert bar.texts() == ["63 conversations imported.", "The disk is still full."]
    notices.withdraw("disk")
    notices.withdraw("import")
    assert bar.texts() == []
    assert bar.isHidden()


def test_the_remedy_acts_once_and_the_notice_goes(qtbot: QtBot) -> None:
    done: list[str] = []
    notices = Notices()
    bar = NoticeBar(notices)
    qtbot.addWidget(bar)
    notices.post(
        Notice("3 conversations moved.", remedy=Remedy("Undo", lambda: done.append("undo")))
    )
    bar.line(0).remedy.click()
    assert done == ["undo"]
    assert bar.texts() == []


def test_the_oldest_leaves_when_there_are_too_many(qtbot: QtBot) -> None:
    notices = Notices()
    bar = NoticeBar(notices)
    qtbot.addWidget(bar)
    for number in range(6):
        notices.post(Notice(f"notice {number}"))
    assert bar.texts() == [f"notice {n}" for n in range(2, 6)]


def test_texts_are_never_read_as_html(qtbot: QtBot) -> None:
    notices = Notices()
    bar = NoticeBar(notices)
    qtbot.addWidget(bar)
    notices.post(Notice("<b>not bold</b>", detail="<img src=x>"))
    assert bar.texts() == ["<b>not bold</b>"]
