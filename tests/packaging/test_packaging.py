"""What is in `packaging` names only what there is."""

import argparse
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import grimp
import pytest

from desktop_app.engine.serve import options
from desktop_app.engine.serve.places import default_store
from desktop_app.engine.serve.starting import Exit

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
UNIT, CONTAINER = PACKAGING / "exemplar-engine.service", PACKAGING / "Containerfile"
PAGE = ROOT / "docs" / "engine-on-another-computer.md"
IMPORTED_AS = {"python-multipart": "python_multipart"}


def understood(arguments: list[str]) -> argparse.Namespace:
    """Parse a command line; options that are none end the test."""
    return options.parser().parse_args(arguments)


def unit_lines(key: str) -> list[str]:
    return [
        line.removeprefix(f"{key}=")
        for line in UNIT.read_text().splitlines()
        if line.startswith(f"{key}=")
    ]


def test_the_unit_starts_the_service() -> None:
    (start,) = unit_lines("ExecStart")
    (example,) = re.findall(r"OPTIONS=(.*)", UNIT.read_text().split("EnvironmentFile")[0])
    program, *arguments = shlex.split(start.replace("$OPTIONS", example))
    assert Path(program).name == "exemplar-engine"
    parsed = understood(arguments)
    assert options.fault_in(parsed) is None
    assert not parsed.listen.is_loopback
    # As it stands, without options of one's own, it does not open the computer to everybody.
    assert options.fault_in(understood(shlex.split(start)[1:-1])) is not None


def test_the_unit_keeps_the_store_where_the_service_looks() -> None:
    assert unit_lines("StateDirectory") == ["exemplar-engine"]
    (stop,) = unit_lines("TimeoutStopSec")
    assert int(stop) > 60
    codes = {int(code) for code in unit_lines("RestartPreventExitStatus")[0].split()}
    assert codes == set(Exit)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "exemplar-engine"
    program.symlink_to("/bin/true")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/exemplar/bin/exemplar-engine", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_container_starts_the_service() -> None:
    text = CONTAINER.read_text()
    lists = {
        word: [shlex.split(match.replace(",", " ")) for match in found]
        for word in ("ENTRYPOINT", "CMD")
        if (found := re.findall(rf"^ *{word} \[(.*)\]$", text, re.MULTILINE))
    }
    assert lists["ENTRYPOINT"] == [["exemplar-engine"]]
    health, start = lists["CMD"]
    assert health[0] == "exemplar-engine"
    assert understood(health[1:]).running
    parsed = understood(start)
    assert options.fault_in(parsed) is None
    assert re.findall(r"^EXPOSE (\d+)$", text, re.MULTILINE) == [str(parsed.listen.port)]
    (volume,) = re.findall(r"^VOLUME (.*)$", text, re.MULTILINE)
    assert f"STATE_DIRECTORY={volume}" in text
    assert "\nUSER 10001\n" in text


def test_the_container_copies_what_there_is() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINER.read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name


def names_in(path: Path) -> set[str]:
    lines = path.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_the_requirements_are_what_the_engine_imports() -> None:
    graph = grimp.build_graph("desktop_app", include_external_packages=True)
    found: set[str] = set()
    for module in graph.find_descendants("desktop_app.engine"):
        found |= graph.find_upstream_modules(module)
    outside = {name for name in found if graph.is_module_squashed(name)}
    torch = {re.split("[=<>]", line)[0] for line in names_in(PACKAGING / "torch-requirements.txt")}
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    needed = project["dependencies"]
    known = {re.split("[=<>]", line)[0].lower().replace("_", "-") for line in needed}
    listed = names_in(PACKAGING / "engine-requirements.txt")
    imported = {IMPORTED_AS.get(name, name) for name in listed}
    # Those that the window needs and the engine would miss; torch's own come with it.
    assert {name for name in outside if name.replace("_", "-") in known} <= imported | torch
    # llguidance is looked for when it is first needed, by its name.
    assert imported - {"llguidance"} <= outside


def test_versions_are_the_tested_ones() -> None:
    pins = {
        re.split("[=; ]", line)[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    for name in names_in(PACKAGING / "engine-requirements.txt"):
        assert name.lower().replace("_", "-") in pins, name
    with (ROOT / "pyproject.toml").open("rb") as file:
        extra = set(tomllib.load(file)["project"]["optional-dependencies"]["torch"])
    listed = names_in(PACKAGING / "torch-requirements.txt")
    assert {line for line in extra if not line.startswith("accelerate")} <= listed


@pytest.fixture
def written() -> list[tuple[str, argparse.Namespace]]:
    """The page's commands, each with what stands before it: by whom or where it is run."""
    lines = re.findall(
        r"^ *(sudo |podman exec \S+ |)(?:\S*/)?exemplar-engine ((?:serve|token|check).*)$",
        PAGE.read_text(),
        re.MULTILINE,
    )
    return [(where.strip(), understood(shlex.split(line, comments=True))) for where, line in lines]


def test_the_page_names_options_that_exist(
    written: list[tuple[str, argparse.Namespace]],
) -> None:
    assert len(written) > 5
    for _, parsed in written:
        if parsed.command == "serve":
            assert options.fault_in(parsed) is None, parsed


def test_the_page_asks_every_kind_of_service_for_its_own_store(
    written: list[tuple[str, argparse.Namespace]],
) -> None:
    """Started in the terminal, by systemd (whose store root alone can read), in a container."""
    (state,) = unit_lines("StateDirectory")
    for command in ("token", "check"):
        stores = {
            where: parsed.store
            for where, parsed in written
            if parsed.command == command and (command == "token" or parsed.running)
        }
        assert stores == {
            "": default_store(),
            "sudo": Path("/var/lib") / state,
            "podman exec engine": default_store(),
        }
