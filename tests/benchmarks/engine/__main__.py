"""The engine beside what else there is, on this machine: training, chat, the service.

Training: tokens a second, held-out loss and peak memory beside TRL's SFTTrainer, on the sample and
on conversations of many lengths; alone on the machine and beside another busy process. Chat: time
to the first piece and tokens a second beside llama-cpp-python at F16. Contestants take turns, each
in a process of its own; figures are medians, and ratios are of figures of the same run.
"""

import argparse
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from desktop_app.engine.backends.thread_settings import TEAM, training_environment
from tests.benchmarks.bench_training import starter_model
from tests.benchmarks.engine import chat_table, service_table, training_table
from tests.benchmarks.engine.children import can_import
from tests.benchmarks.engine.contest import Contest

TABLES = {
    "training": training_table.print_table,
    "chat": chat_table.print_table,
    "service": service_table.print_table,
}


def main() -> None:
    """Print the tables."""
    options = _options()
    model = starter_model()
    if model is None:
        print("The starter model is not installed.")
        return
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(model, Path(folder), options)
        _print_machine(contest)
        for name in options.only.split(","):
            TABLES[name](contest)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baseline", default=os.environ.get("BASELINE_PYTHON"))
    parser.add_argument("--rounds", type=int, default=3, help="how often each contestant runs")
    parser.add_argument("--mixed", type=int, default=160, help="mixed conversations learned from")
    parser.add_argument("--quick", action="store_true", help="one round, 24 mixed conversations")
    parser.add_argument("--only", default="training,chat,service", help="tables")
    parser.add_argument("--sets", default="sample,mixed", help="what is learned")
    parser.add_argument("--beside", default="nothing,busy", help="what else the machine does")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.mixed = 1, 24
    return options


def _print_machine(contest: Contest) -> None:
    threads = training_environment()[TEAM]
    print(f"{platform.machine()}, {_processor()}, {os.cpu_count()} processors; {threads} threads")
    print(f"Python {platform.python_version()}, NumPy {version('numpy')}, {platform.platform()}")
    if contest.baseline is None:
        print("left out: TRL and llama-cpp-python (BASELINE_PYTHON names no Python that has them)")
        return
    for name in ("trl", "torch", "transformers", "peft", "llama_cpp"):
        if can_import(contest.baseline, name):
            print(f"  {name} {contest.baseline_version(name)}")
        else:
            print(f"  left out: what needs {name}, which the baseline's Python lacks")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
