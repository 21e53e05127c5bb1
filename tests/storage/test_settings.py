import os
from pathlib import Path

import msgspec
import pytest

from desktop_app.storage.settings import (
    RECENT_LIMIT,
    VERSION,
    ConnectionSettings,
    Settings,
    SettingsFile,
)

LOG = "desktop_app.storage.settings"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "settings.json"


def kept_aside(path: Path) -> list[bytes]:
    return [each.read_bytes() for each in path.parent.glob("settings.json.bad-*")]


def test_without_a_file_there_are_the_defaults(path: Path) -> None:
    settings = SettingsFile(path).load()
    assert settings == Settings()
    assert settings.test_share == 0.2
    assert settings.keep_training_when_closed is None
    assert [each.kind for each in settings.connections] == ["this_computer"]
    assert not path.exists()


def test_what_was_saved_is_loaded(path: Path) -> None:
    other = ConnectionSettings("c1", "other", "Отдел 数据", "https://models.example/v1")
    settings = Settings(
        theme="dark",
        connections=(*Settings().connections, other),
        active_connection="c1",
        active_models={"c1": "ft:base:local:tone:abcdefgh"},
        window_geometry="AAEC",
        test_share=0.35,
        keep_training_when_closed=False,
    )
    file = SettingsFile(path)
    file.save(settings)
    assert SettingsFile(path).load() == settings
    assert list(path.parent.iterdir()) == [path]


def test_unknown_keys_and_missing_ones_are_tolerated(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"theme": "light", "from_the_future": {"a": [1]}}')
    assert SettingsFile(path).load() == Settings(theme="light")
    assert not kept_aside(path)


@pytest.mark.logs(LOG)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'{"theme": "plaid"}',
        b'{"test_share": 2}',
        b'{"connections": [{"id": 1}]}',
        b"\x00" * 4096,
        msgspec.json.encode({"version": VERSION + 1, "theme": "dark"}),
    ],
)
def test_a_file_of_no_use_is_kept_aside(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    file = SettingsFile(path)
    assert file.load() == Settings()
    assert kept_aside(path) == [content]
    file.save(Settings(theme="light"))
    assert file.load().theme == "light"
    assert kept_aside(path) == [content]


@pytest.mark.logs(LOG)
def test_something_that_is_no_file_is_kept_aside(path: Path) -> None:
    path.mkdir(parents=True)
    file = SettingsFile(path)
    assert file.load() == Settings()
    file.save(Settings(theme="dark"))
    assert file.load().theme == "dark"


def test_a_save_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SettingsFile(path)
    file.save(Settings(theme="dark"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.save(Settings(theme="light"))
    assert file.load().theme == "dark"
    assert list(path.parent.iterdir()) == [path]


def test_recent_projects_are_few_and_named_once() -> None:
    settings = Settings()
    for number in range(RECENT_LIMIT + 5):
        settings = settings.with_recent(Path(f"/p/{number}.exemplar"))
    settings = settings.with_recent(Path("/p/9.exemplar"))
    assert len(settings.recent_projects) == RECENT_LIMIT
    assert settings.recent_projects[0] == settings.last_project == "/p/9.exemplar"
    assert len(set(settings.recent_projects)) == RECENT_LIMIT
