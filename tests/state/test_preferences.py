import os
from pathlib import Path

import pytest

from desktop_app.state.notices import Notice, Notices
from desktop_app.state.preferences import Preferences
from desktop_app.storage.settings import VERSION, ConnectionSettings, Settings, SettingsFile


class Desk:
    """One window's preferences, and what it was told."""

    def __init__(self, path: Path) -> None:
        self.notices: list[Notice] = []
        self.withdrawn: list[str] = []
        hub = Notices()
        hub.posted.connect(self.notices.append)
        hub.withdrawn.connect(self.withdrawn.append)
        self.hub = hub
        self.preferences = Preferences(SettingsFile(path), hub)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_a_change_is_written_and_announced_once(qapp: object, path: Path) -> None:
    desk, heard = Desk(path), []
    desk.preferences.changed.connect(lambda: heard.append(desk.preferences.settings.theme))
    desk.preferences.update(theme="dark")
    desk.preferences.update(theme="dark")
    assert heard == ["dark"]
    assert SettingsFile(path).load().theme == "dark"


def test_what_cannot_be_written_is_told_once_and_written_later(
    qapp: object, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        desk.preferences.update(theme="dark")
        desk.preferences.update(test_share=0.3)
    [notice] = desk.notices
    assert (notice.level, notice.detail) == ("warning", "No space left on device")
    assert desk.preferences.settings.theme == "dark"
    assert not path.exists()
    desk.preferences.update(last_project="shop.exemplar")
    kept = SettingsFile(path).load()
    assert (kept.theme, kept.test_share, kept.last_project) == ("dark", 0.3, "shop.exemplar")
    assert desk.withdrawn == [notice.topic]


@pytest.mark.logs("desktop_app.storage.settings")
def test_a_config_folder_that_is_none_stops_nobody(qapp: object, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    desk = Desk(tmp_path / "config" / "settings.json")
    desk.preferences.update(theme="light")
    assert desk.preferences.settings.theme == "light"
    assert len(desk.notices) == 1


def test_two_windows_do_not_undo_each_others_choices(qapp: object, path: Path) -> None:
    first, second = Desk(path), Desk(path)
    mine = ConnectionSettings("mine", "other", "Mine", "https://models.example/v1")
    first.preferences.update(connections=(*Settings().connections, mine))
    second.preferences.update(window_geometry="AAEC")
    kept = SettingsFile(path).load()
    assert mine in kept.connections
    assert kept.window_geometry == "AAEC"
    assert mine not in second.preferences.settings.connections


@pytest.mark.logs("desktop_app.storage.settings")
@pytest.mark.parametrize("content", [b"{", b'{"version": %d}' % (VERSION + 1)])
def test_settings_of_no_use_are_set_aside_and_that_is_told(
    qapp: object, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    desk = Desk(path)
    desk.preferences.tell_set_aside()
    [aside] = path.parent.glob("settings.json.bad-*")
    assert aside.read_bytes() == content
    assert aside.name in desk.notices[0].text


def test_nothing_is_told_of_settings_that_are_well(qapp: object, path: Path) -> None:
    desk = Desk(path)
    desk.preferences.tell_set_aside()
    assert desk.notices == []
