"""Start-up: how long until the window can be used, against the bare cost of Qt.

Baseline: a process that imports QtWidgets and shows an empty QMainWindow. Both run in fresh
processes, in turns, so that they share whatever else the machine is doing.
"""

import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5

BASELINE = """
import time; began = time.perf_counter()
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([]); window = QMainWindow(); window.resize(1440, 900)
window.show(); window.grab()
print(time.perf_counter() - began)
"""

PROGRAM = """
import time; began = time.perf_counter()
from pathlib import Path
import sys
from PySide6.QtWidgets import QApplication
from desktop_app.app import Places, Program
app = QApplication([]); folder = Path(sys.argv[1])
program = Program(app, Places(folder / "config", folder / "engine", folder / "projects"))
program.window.show(); program.window.grab()
print(time.perf_counter() - began)
assert "openai" not in sys.modules, "the SDK was imported before the window was up"
program.shut_down()
"""


def seconds(code: str, folder: str) -> float:
    """Run one start in a process of its own; return what it measured."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code, folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0])


def main() -> None:
    """Print the medians and their ratio."""
    times: dict[str, list[float]] = {"empty Qt window": [], "Exemplar": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            times["empty Qt window"].append(seconds(BASELINE, folder))
            times["Exemplar"].append(seconds(PROGRAM, folder))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:16} {median * 1000:7.0f} ms (median of {ROUNDS})")
    ratio = medians["Exemplar"] / medians["empty Qt window"]
    print(f"Exemplar / empty Qt window: {ratio:.2f}")


if __name__ == "__main__":
    main()
