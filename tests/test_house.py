"""House rules that the linters do not hold."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "desktop_app"
OWN_ICONS = {"exemplar"}
"""Icons that need no mention in the code: the packaging uses them."""

REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|opt/pypi|opt/wheels)(?![\w-])")


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def method_calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Each imported name in full: `from a import b` is a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{name.name}", node) for name in node.names)


def importers(module: str, allowed: tuple[str, ...]) -> list[str]:
    """Where a module is imported outside the allowed folders and files of desktop_app."""
    pattern = re.compile(re.escape(module) + r"(\.|$)")
    return [
        place(path, node)
        for path in python_files(PROGRAM)
        if not path.relative_to(PROGRAM).as_posix().startswith(allowed)
        for name, node in imports(path)
        if pattern.match(name)
    ]


def is_unnamed_slot(argument: ast.expr) -> bool:
    if isinstance(argument, ast.Lambda):
        return True
    function = argument.func if isinstance(argument, ast.Call) else None
    name = getattr(function, "attr", getattr(function, "id", ""))
    return name in {"partial", "partialmethod"}


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    files = [*python_files(PROGRAM), *python_files(ROOT / "tests"), *python_files(ROOT / "tools")]

    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}

    assert {str(path): n for path, n in lengths.items() if n > 400} == {}


def test_no_nested_event_loop() -> None:
    calls = [(path, *call) for path in python_files(PROGRAM) for call in method_calls(path)]
    nested = [
        place(path, node)
        for path, name, node in calls
        if name == "processEvents" or (name in {"exec", "exec_"} and path != PROGRAM / "app.py")
    ]

    assert nested == []


def test_signals_are_connected_to_bound_methods() -> None:
    unnamed = [
        place(path, node)
        for path in python_files(PROGRAM)
        for name, node in method_calls(path)
        if name == "connect" and any(is_unnamed_slot(argument) for argument in node.args)
    ]

    assert unnamed == []


def test_texts_stand_where_the_translators_look() -> None:
    """lupdate does not see a tr() within an f-string, and its singular and plural are missing."""
    unseen = [
        place(path, node)
        for path in python_files(PROGRAM)
        for string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for node in ast.walk(string)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "tr"
    ]

    assert unseen == []


def test_the_application_object_is_no_service_locator() -> None:
    applications = {"QApplication", "QGuiApplication", "QCoreApplication"}
    located = [
        place(path, node)
        for path in python_files(PROGRAM)
        if path != PROGRAM / "app.py"
        for name, node in method_calls(path)
        if name == "instance"
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in applications
    ]

    assert located == []


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("PySide6.QtWidgets", ("ui/", "app.py")),
        ("pyqtgraph", ("ui/",)),
        ("openai", ("provider/",)),
        ("keyring", ("storage/",)),
        ("torch", ("engine/backends/",)),
    ],
)
def test_a_library_is_known_in_one_place_only(module: str, allowed: tuple[str, ...]) -> None:
    assert importers(module, allowed) == []


def test_every_icon_is_used() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in PROGRAM.rglob("*")
        if path.suffix in {".py", ".qss"}
    )
    icons = {path.stem for path in (ROOT / "resources/icons").glob("*.svg")}

    unused = {n for n in icons if not re.search(rf"[\"'/]{re.escape(n)}(\.svg)?[\"')]", code)}

    assert unused - OWN_ICONS == set()


def repository_texts() -> Iterator[tuple[str, str]]:
    """Every text file that git holds or would take in."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix == ".tiktoken":
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_nothing_names_a_package_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{name}: {word}"
        for name, text in repository_texts()
        for word in [*(r for r in REGISTRIES if r in text), *MACHINE_PATH.findall(text)]
        if name != "tests/test_house.py"
    ]

    assert found == []
