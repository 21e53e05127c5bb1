import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.rows import Split
from desktop_app.ui.examples.exchange.document_words import document_words
from desktop_app.ui.examples.exchange.export_dialog import ExportDialog
from desktop_app.ui.examples.exchange.pdf_document import pdf_exporter
from tests.state.edits import set_split
from tests.ui.examples.exchange.desk import Desk


def conversation(text: str, *replies: str) -> Conversation:
    said = [Message("assistant", reply) for reply in replies]
    return Conversation((Message("user", text), *said))


@pytest.fixture
def filled(desk: Desk) -> Desk:
    desk.project.create(desk.folder / "shop.exemplar")
    desk.project.add([conversation(f"Where is parcel {n}?", "On its way.") for n in range(12)])
    return desk


def save(qtbot: QtBot, desk: Desk, path: Path) -> None:
    dialog = desk.dialog(qtbot, QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.reject()


def written(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["messages"][0]["content"] for line in lines]


def test_training_files_are_written_as_the_service_wants_them(qtbot: QtBot, filled: Desk) -> None:
    set_split(filled.project, list(filled.project.project.ids())[:2], Split.TEST)
    filled.files.exports.set_service("foundry")
    filled.actions.export_files.trigger()
    dialog = filled.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    assert dialog.holds.text().startswith("10 conversation")
    assert dialog.mark.isChecked()
    dialog.go_on.click()
    target = filled.folder / "out.jsonl"
    with qtbot.waitSignal(filled.exchange.exported):
        save(qtbot, filled, target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf{")
    assert (filled.folder / "out-test.jsonl").read_bytes().count(b"\n") == 2


def test_what_would_be_refused_is_said_first_and_left_out(qtbot: QtBot, filled: Desk) -> None:
    filled.project.add([conversation("empty", ""), conversation("twice", "one", "two")])
    filled.actions.export_files.trigger()
    dialog = filled.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    assert "refuse 1" in dialog.refused.text()
    assert "empty: 1" in dialog.reasons.text()
    with qtbot.waitSignal(dialog._looking.done):
        dialog.service.setCurrentIndex(dialog.service.findData("foundry"))
    assert "refuse 2" in dialog.refused.text()
    dialog.go_on.click()
    with qtbot.waitSignal(filled.exchange.exported):
        save(qtbot, filled, filled.folder / "out.jsonl")
    assert len((filled.folder / "out.jsonl").read_bytes().splitlines()) == 12
    assert "2 that the service would refuse" in filled.said[-1].text


def test_what_would_be_refused_may_be_written_all_the_same(qtbot: QtBot, filled: Desk) -> None:
    filled.project.add([conversation("empty", "")])
    filled.actions.export_files.trigger()
    dialog = filled.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    dialog.keep.click()
    assert dialog.holds.text().startswith("13 conversation")
    dialog.go_on.click()
    with qtbot.waitSignal(filled.exchange.exported):
        save(qtbot, filled, filled.folder / "out.jsonl")
    assert written(filled.folder / "out.jsonl")[-1] == "empty"


def test_fixing_instead_leads_to_the_next_problem(qtbot: QtBot, filled: Desk) -> None:
    filled.project.add([conversation("empty", "")])
    filled.actions.export_files.trigger()
    dialog = filled.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.show_them.isVisible)
    with qtbot.waitSignal(filled.actions.next_problem.triggered):
        dialog.show_them.click()


def test_too_few_and_too_much_are_said(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.project.create(desk.folder / "few.exemplar")
    desk.project.add([conversation("one", "reply")])
    monkeypatch.setattr("desktop_app.core.examples.rules.MEGABYTE", 0)
    desk.actions.export_files.trigger()
    dialog = desk.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    assert "10 or more" in dialog.limits.text()
    assert "MB at most" in dialog.limits.text()
    dialog.reject()


def test_a_test_file_that_is_there_is_not_replaced_unasked(qtbot: QtBot, filled: Desk) -> None:
    set_split(filled.project, list(filled.project.project.ids())[:2], Split.TEST)
    there = filled.folder / "out-test.jsonl"
    there.write_text("mine")
    filled.actions.export_files.trigger()
    dialog = filled.dialog(qtbot, ExportDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    dialog.go_on.click()
    save(qtbot, filled, filled.folder / "out.jsonl")
    box = filled.dialog(qtbot, QMessageBox)
    assert there.read_text() == "mine"
    with qtbot.waitSignal(filled.exchange.exported):
        box.buttons()[0].click()
    assert len(written(there)) == 2


def test_everything_goes_out_and_comes_in_again_as_it_was(qtbot: QtBot, filled: Desk) -> None:
    project = filled.project.project
    ids = list(project.ids())
    project.set_tag(ids[:3], "delivery", on=True)
    project.set_rating(ids[:2], 4)
    project.set_note(ids[0], "seen by the shop")
    project.set_split(ids[5:7], Split.TEST)
    filled.actions.export_everything.trigger()
    target = filled.folder / "all.jsonl"
    with qtbot.waitSignal(filled.exchange.exported):
        save(qtbot, filled, target)
    before = [_row(filled, id) for id in ids]
    filled.project.create(filled.folder / "again.exemplar")
    filled.files.import_file(target)
    qtbot.waitUntil(lambda: filled.project.counts.conversations == 12)
    assert [_row(filled, id) for id in filled.project.project.ids()] == before


def _row(desk: Desk, id: int) -> tuple[object, ...]:
    project = desk.project.project
    [row] = project.rows([id], "")
    return (project.conversation(id), row.tags, row.rating, row.split, project.note(id))


def test_a_table_and_a_web_page_are_written(qtbot: QtBot, filled: Desk) -> None:
    for action, name in (
        (filled.actions.export_table, "out.csv"),
        (filled.actions.export_document, "out.html"),
    ):
        action.trigger()
        with qtbot.waitSignal(filled.exchange.exported):
            save(qtbot, filled, filled.folder / name)
        assert "Where is parcel 3?" in (filled.folder / name).read_text(encoding="utf-8")


def test_a_pdf_has_pages_and_says_what_it_has_no_room_for(
    qtbot: QtBot, filled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "desktop_app.ui.examples.exchange.pdf_document"
    monkeypatch.setattr(f"{module}.MOST_CONVERSATIONS", 10)
    monkeypatch.setattr(f"{module}.AT_ONCE", 4)
    filled.actions.export_document.trigger()
    with qtbot.waitSignal(filled.exchange.exported, timeout=20_000):
        save(qtbot, filled, filled.folder / "out.pdf")
    data = (filled.folder / "out.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page\n") == 3
    assert "2 are not in it" in filled.said[-1].text


def test_a_pdf_on_a_full_disk_leaves_nothing(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    work = pdf_exporter(filled.project.path, filled.folder / "out.pdf", "shop", document_words())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="No space"):
            work(lambda _: None, lambda: False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (filled.folder / "out.pdf").exists()
    assert not list(filled.folder.glob(".*.part"))


def test_one_export_at_a_time(qtbot: QtBot, filled: Desk) -> None:
    filled.actions.export_table.trigger()
    with qtbot.waitSignal(filled.exchange.exported):
        dialog = filled.dialog(qtbot, QFileDialog)
        dialog.fileSelected.emit(str(filled.folder / "a.csv"))
        dialog.fileSelected.emit(str(filled.folder / "b.csv"))
        dialog.reject()
    assert "is going on" in filled.said[0].text
    assert not (filled.folder / "b.csv").exists()
