import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from pytestqt.qtbot import QtBot

from desktop_app.state.examples import conversation_list
from desktop_app.state.open_project import EVERYTHING
from desktop_app.storage.project.rows import Filter, Sort, Split
from desktop_app.ui.examples import list_place
from desktop_app.ui.examples.conversation_delegate import MARGIN
from tests.state.edits import delete, set_split
from tests.state.examples.finding_bench import chat
from tests.ui.examples.finding_desk import FindingDesk

Flag = QItemSelectionModel.SelectionFlag


@pytest.fixture(params=[5000, -1], ids=["at once", "by a worker"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which a list is looked up."""
    monkeypatch.setattr(conversation_list, "SMALL", request.param)


def select(desk: FindingDesk, *rows: int) -> None:
    model = desk.panel.view.selectionModel()
    model.setCurrentIndex(desk.conversations.index(rows[0], 0), Flag.ClearAndSelect | Flag.Rows)
    for row in rows[1:]:
        model.select(desk.conversations.index(row, 0), Flag.Select | Flag.Rows)


def settle(qtbot: QtBot, desk: FindingDesk, rows: int) -> None:
    qtbot.waitUntil(
        lambda: desk.conversations.rowCount() == rows and not desk.conversations.is_searching
    )


def test_a_key_is_enough_to_search(qtbot: QtBot, finding: FindingDesk) -> None:
    finding.add("Where is my parcel?", "A shop", "another parcel")
    with qtbot.waitSignal(finding.conversations.filtered):
        qtbot.keyClicks(finding.panel.search, "PARCEL")
    assert finding.titles() == ["Where is my parcel?", "another parcel"]
    assert finding.panel.tools.found.text() == "2 found"
    qtbot.keyClick(finding.panel.search, Qt.Key.Key_Return)
    assert finding.panel.focusWidget() is finding.panel.view


def test_what_is_edited_stays_while_it_is_searched(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.add("parcel one", "shop", "parcel two")
    finding.panel.go_to(ids[2])
    with qtbot.waitSignal(finding.conversations.filtered):
        finding.panel.search.setText("parcel")
    assert finding.current == ids[2]
    with qtbot.waitSignal(finding.conversations.filtered):
        finding.panel.search.setText("shop")
    assert finding.current == ids[1]
    with qtbot.waitSignal(finding.conversations.filtered):
        finding.panel.search.setText("nowhere")
    assert finding.current is None
    assert finding.panel.nothing.isVisible()
    finding.panel.show_all()
    assert finding.panel.view.isVisible()
    assert finding.current == ids[0]


@pytest.mark.usefixtures("size")
def test_the_list_stays_where_it_is_after_a_deletion(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.project.add([chat(f"question {n}") for n in range(200)])
    settle(qtbot, finding, 200)
    finding.panel.go_to(ids[100])
    top = finding.top
    gone = [ids[100]]
    finding.project.edit(lambda project: project.delete(gone), gone, order_changed=True)
    settle(qtbot, finding, 199)
    assert finding.current == ids[101]
    assert finding.top == top
    delete(finding.project, ids[:10])
    settle(qtbot, finding, 189)
    assert finding.current == ids[101]
    finding.project.undo()
    settle(qtbot, finding, 199)
    assert finding.current == ids[101]
    assert finding.top == top


@pytest.mark.usefixtures("size")
def test_what_is_selected_stays_selected(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.project.add([chat(f"question {n}") for n in range(50)])
    settle(qtbot, finding, 50)
    select(finding, 20, 22, 30)
    delete(finding.project, [ids[21], ids[40]])
    settle(qtbot, finding, 48)
    assert finding.panel.selected_ids() == [ids[20], ids[22], ids[30]]
    assert list(finding.selection.ids) == [ids[20], ids[22], ids[30]]


@pytest.mark.usefixtures("size")
def test_very_many_stay_selected_where_their_rows_stay(
    qtbot: QtBot, finding: FindingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_place, "MOST_SELECTED", 2)
    ids = finding.project.add([chat(f"question {n}") for n in range(50)])
    settle(qtbot, finding, 50)
    select(finding, *range(10, 20))
    finding.project.announce(EVERYTHING)
    settle(qtbot, finding, 50)
    assert finding.panel.selected_ids() == ids[10:20]


def test_what_is_in_the_bin_is_not_marked(finding: FindingDesk) -> None:
    ids = finding.add("a", "b")
    delete(finding.project, ids[:1])
    finding.panel.bar.chips["bin"].click()
    assert finding.current == ids[0]
    assert len(finding.selection.ids) == 0


@pytest.mark.usefixtures("size")
def test_a_new_conversation_is_gone_to(qtbot: QtBot, finding: FindingDesk) -> None:
    finding.project.add([chat(f"question {n}") for n in range(100)])
    settle(qtbot, finding, 100)
    finding.panel.show_filter(Filter(split=Split.TEST))
    settle(qtbot, finding, 0)
    [new] = finding.add("new")
    finding.panel.show_all()
    finding.panel.go_to(new)
    qtbot.waitUntil(lambda: finding.current == new)


def test_the_end_of_the_list_is_not_left_for_the_top(finding: FindingDesk) -> None:
    ids = finding.add(*"abc")
    finding.panel.go_to(ids[2])
    delete(finding.project, ids[2:])
    assert finding.current == ids[1]


def test_the_bin_offers_to_bring_back(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.add("a", "b", "c")
    delete(finding.project, ids[:2])
    finding.panel.bar.chips["bin"].click()
    assert finding.titles() == ["a", "b"]
    actions = finding.actions
    assert finding.panel.view.actions() == [actions.restore_conversations]
    rect = finding.panel.view.visualRect(finding.conversations.index(0, 0))
    place = QPoint(rect.right() - MARGIN - 10, rect.top() + 18)
    qtbot.mouseClick(
        finding.panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, place.y())
    )
    assert finding.project.counts.binned == 2
    qtbot.mouseClick(finding.panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert finding.project.counts.binned == 1
    assert finding.titles() == ["b"]
    finding.panel.show_all()
    assert actions.delete_conversations in finding.panel.view.actions()
    finding.panel.show_filter(Filter(in_bin=True))
    finding.project.edit(lambda project: project.restore(ids), ids, order_changed=True)
    assert "bin is empty" in finding.panel._why_nothing.text()


def test_another_project_begins_without_a_filter(finding: FindingDesk) -> None:
    finding.add("a")
    path = finding.project.path
    finding.panel.show_filter(Filter(text="x", tag="shop", sort=Sort.TITLE))
    finding.project.close()
    finding.project.open(path)
    assert finding.panel.search.text() == ""
    assert finding.conversations.filter == Filter()
    assert finding.panel.bar.filter == Filter()


def test_rows_of_every_kind_are_painted(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.add("", "هل يمكنني الدفع عند الاستلام؟ " * 9, "long " * 60, "shop")
    finding.project.add([chat("no answer", "")])
    finding.project.edit(lambda project: project.set_tag(ids, "t" * 60, on=True), ids)
    finding.project.edit(lambda project: project.set_rating(ids, 5), ids)
    set_split(finding.project, ids[:1], Split.TEST)
    finding.project.project.store_counts("o200k_base", [(ids[1], 1, 12345)])
    finding.conversations.take_counts("o200k_base")
    pictures = []
    for width in (230, 400):
        finding.panel.resize(width, 500)
        pictures.append(finding.panel.view.grab().toImage())
    assert pictures[0].width() < pictures[1].width()
    finding.theme.choose("dark")
    assert finding.panel.view.grab().toImage() != pictures[1]


def test_rows_begin_at_the_side_where_the_window_does(finding: FindingDesk) -> None:
    finding.add("a", "b")
    view = finding.panel.view
    view.selectRow(0)
    accent = finding.theme.colours.accent
    row = view.visualRect(view.model().index(0, 0))
    for direction, x in (
        (Qt.LayoutDirection.LeftToRight, row.left() + 1),
        (Qt.LayoutDirection.RightToLeft, row.right() - 1),
    ):
        view.setLayoutDirection(direction)
        colour = view.viewport().grab().toImage().pixelColor(x, row.center().y())
        assert colour.name() == accent
