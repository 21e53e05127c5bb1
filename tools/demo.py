"""Drives the program through the main job on the sample; a picture of each step in build/demo.

`python tools/demo.py [--dark] [--scale 2]`, with or without a display. What is trained is real.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.main_job import MainJob

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "My lamp came broken. What now?"


def main() -> int:
    """Run the demo; return 0 if every step did what it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--scale", default="1")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "demo")
    options = parser.parse_args()
    # Before Qt is loaded: the same pictures on every machine, whatever its screen.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = options.scale
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="exemplar-demo-") as folder:
        return drive(Path(folder), options.to, "dark" if options.dark else "light")


def drive(folder: Path, target: Path, colours: str) -> int:
    """Go through the steps in a folder of its own; write the pictures to `target`."""
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  # see main

    from desktop_app.app import Places, Program  # noqa: PLC0415  # see main
    from tools.main_job import MainJob, pause  # noqa: PLC0415  # see main

    target.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    application.setApplicationName("Exemplar")
    application.setQuitOnLastWindowClosed(False)
    program = Program(
        application, Places(folder / "config", folder / "engine", folder / "projects")
    )
    program.preferences.update(keep_training_when_closed=False)
    program.actions.themes[colours].trigger()
    program.start([])
    began = time.monotonic()

    def take(name: str) -> None:
        pause(400)
        program.window.grab().save(str(target / f"{name}.png"))
        print(f"{time.monotonic() - began:6.1f} s  {name}", flush=True)

    learned = go_through(MainJob(program), take)
    print(f"pictures in {target}")
    program.closing.done.connect(application.quit)
    program.window.close()
    application.exec()
    program.shut_down()
    return 0 if learned else 1


def go_through(job: "MainJob", take: Callable[[str], None]) -> bool:
    """Do every step, a picture after each; return whether the held-out loss fell."""
    take("01-welcome")
    job.open_sample()
    take("02-examples")
    job.go_to_problem()
    take("03-problem")
    job.fix_problem()
    take("04-fixed")
    job.wait_for_engine()
    job.see_cost()
    take("05-cost")
    job.program.actions.new_job.trigger()
    take("06-new-job")
    submission = job.start_training()
    job.watch(submission, points=8)
    take("07-training")
    job.finish(submission)
    take("08-trained")
    print(f"asked    {QUESTION}\nanswered {job.ask(QUESTION)!r}")
    take("09-chat")
    try:
        job.evaluate()
    finally:
        take("10-evaluate")
    report = job.program.evaluation.report
    assert report is not None
    tuned, base = (model.loss for model in report.models)
    assert tuned is not None
    assert base is not None
    print(f"held-out loss: base {base.value:.3f}, tuned {tuned.value:.3f}")
    return tuned.value < base.value


if __name__ == "__main__":
    raise SystemExit(main())
