"""The engine beside TRL (training) and llama-cpp-python (chat): see engine/__main__.py.

`BASELINE_PYTHON`, a Python that has those two, or `--baseline`; without it the engine is measured
alone. `--quick` is a run of some minutes, `--only training,chat,service` a part.
"""

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.benchmarks.engine", *sys.argv[1:]]
    sys.exit(subprocess.run(command, cwd=root, check=False).returncode)
