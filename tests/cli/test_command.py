import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app import __main__ as program
from desktop_app import __version__
from desktop_app.cli.command import main

GOOD = '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}\n'
EXEMPLAR = [sys.executable, "-m", "desktop_app"]
ROOT = Path(__file__).parents[2]


def test_nothing_of_the_window_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    path.write_text(GOOD * 12, encoding="utf-8")
    script = (
        "import sys\n"
        "from desktop_app.__main__ import main\n"
        "for word in (['check', sys.argv[1]], ['convert', sys.argv[1], '-'],"
        " ['estimate', sys.argv[1]]):\n"
        "    sys.argv[1:] = word\n"
        "    main()\n"
        "    sys.argv[1:] = [word[1]]\n"
        "heavy = {'PySide6', 'openai', 'keyring', 'numpy', 'openpyxl', 'sqlite3', 'asyncio'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.splitlines()[-1] == "LOADED []", ended.stderr


def test_the_three_words_need_no_display(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(program, "lacks_display", lambda: True)
    monkeypatch.setattr(sys, "argv", ["exemplar", "check", str(tmp_path / "none")])
    assert program.main() == 2
    assert "no such file" in capfd.readouterr().err
    monkeypatch.setattr(sys, "argv", ["exemplar", "./check"])
    assert program.main() == program.NO_DISPLAY
    assert "no display" in capfd.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (
        (["--version"], __version__),
        (["--help"], "check"),
        (["check", "--help"], "--service {openai,foundry,nebius,local}"),
        (["convert", "--help"], "OUT"),
        (["estimate", "--help"], "--epochs"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["sing"], ["check"], ["check", "x", "--service", "moon"], ["estimate", "x", "--epochs=0"]],
)
def test_wrong_use_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def unusable(folder: Path) -> dict[str, tuple[Path, str]]:
    files = {
        "missing": (folder / "none", "no such file"),
        "folder": (folder, "It is a folder"),
        "empty": (folder / "empty", "nothing in it"),
        "blank": (folder / "blank", "recognised"),
        "picture": (folder / "picture", "recognised"),
        "old excel": (folder / "old.xls", "Excel 97"),
        "damaged": (folder / "half.xlsx", "damaged"),
    }
    files["empty"][0].write_bytes(b"")
    files["blank"][0].write_bytes(b"\n\n\n")
    files["picture"][0].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    files["old excel"][0].write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    files["damaged"][0].write_bytes(b"PK\x03\x04" + bytes(100))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
        files["pipe"] = folder / "pipe", "pipe or a device"
        files["device"] = Path("/dev/null"), "pipe or a device"
    return files


@pytest.mark.parametrize("word", [["check"], ["check", "--json"], ["convert"], ["estimate"]])
def test_what_cannot_be_used_is_told_in_one_line(
    word: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, expected in unusable(tmp_path).values():
        out = ["-"] if word == ["convert"] else []
        assert main([*word, str(path), *out]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"exemplar: {path}: ")
        assert expected in error
        assert error.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "secret"
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0)
    assert main(["check", str(path)]) == 2
    assert "may not" in capsys.readouterr().err


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(GOOD * 20_000, encoding="utf-8")
    with subprocess.Popen(
        [*EXEMPLAR, "convert", str(path), "-"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == "exemplar: Nobody reads the output any more.\n"
    assert process.returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a process is interrupted in another way there")
def test_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(GOOD * 50_000, encoding="utf-8")
    with subprocess.Popen(
        [*EXEMPLAR, "convert", str(path), "-"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        # It has begun, and waits for its output to be read.
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    assert error == "exemplar: Stopped.\n"
    assert process.returncode == 2


@pytest.mark.parametrize("epochs", ["0", "51", "-1", "2.5", "many"])
def test_passes_that_are_no_number_are_refused_in_plain_words(
    epochs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["estimate", f"--epochs={epochs}", "-"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("argument --epochs: takes 1 to 50 passes\n")
