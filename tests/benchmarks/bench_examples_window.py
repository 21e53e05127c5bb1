"""The Examples tab of the whole program on sets of 1,000, 100,000 and 1,000,000 conversations.

Each figure is of what a user does: from the key or click until the window is painted again. Beside
it stands what a plain program needs, measured in the same run: one that reads each line with
`json.loads` into a `QStandardItemModel`, searches its strings one after another, types into a bare
`QPlainTextEdit` and saves by writing its file anew. Each part runs in a process of its own.

What follows upon opening is waited for at most a minute. "Of the processor" is the time of the
window's thread alone. `--sizes 1000,100000` is a shorter run.
"""

import argparse
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

from PySide6.QtCore import QDeadlineTimer, QEvent, QEventLoop, QObject, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QPlainTextEdit, QWidget
from typing_extensions import override

from desktop_app.app import SWITCH_INTERVAL, Places, Program
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.examples.marking import Marks
from desktop_app.storage.project.project import Project

P = ParamSpec("P")
T = TypeVar("T")
Figures = dict[str, float]

SIZES = (1_000, 100_000, 1_000_000)
COMMON, RARE, RARE_EVERY = "parcel", "zirconium", 5000
"""Words to look for: in two of three conversations, and in one of 5,000."""

TICK_MS = 2
WINDOW = (1440, 900)
KEYS = 60
KEY_EVERY_MS = 40
WRITTEN_AFTER_MS = 700
"""Typed text is on disk by then."""

FRAMES, WHEEL = 300, 120
PATIENCE_MS = 300_000
REST_MS = 60_000

TEXTS = (
    "We have written to the carrier about your parcel; the shop is open from nine to six. " * 5,
    "طلبك في الطريق إليك وسوف يصل خلال يومين من الآن، شكرا على صبرك. " * 5,
    "Ihr Parcel ist unterwegs und wird spätestens übermorgen zugestellt; danke schön. " * 5,
)


def talks(n: int) -> Iterator[Conversation]:
    """Make conversations of about half a kilobyte each, in three scripts."""
    system = Message("system", "You answer for a shop. Be warm, brief and exact.")
    for number in range(n):
        rare = f" {RARE}" if number % RARE_EVERY == RARE_EVERY // 10 else ""
        question = Message("user", f"What about order {number * 7919 % 1_000_003}{rare}?")
        yield Conversation((system, question, Message("assistant", TEXTS[number % len(TEXTS)])))


def write_set(folder: Path, n: int) -> None:
    """Write the project, and the same as a file of JSON lines."""
    with closing(Project.create(folder / "set.exemplar")) as project:
        project.import_conversations(
            talks(n), source="", test_share=0.2, progress=lambda _: None, stop=lambda: False
        )
    with (folder / "set.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{line(talk)}\n" for talk in talks(n))


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what work answers that runs in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


class Stopwatch(QObject):
    """Runs the event loop until something is so, and notes how long the loop was held up."""

    def __init__(self) -> None:
        super().__init__()
        self.painted = False
        self.longest_gap = 0.0
        self._beat = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._note)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.start(TICK_MS)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.painted = True
        return False

    def _note(self) -> None:
        now = time.perf_counter()
        self.longest_gap = max(self.longest_gap, now - self._beat)
        self._beat = now

    def start(self) -> float:
        """Forget what was held up before; return the time."""
        self.longest_gap, self._beat = 0.0, time.perf_counter()
        return self._beat

    def until(self, holds: Callable[[], bool]) -> None:
        """Run the event loop. Raises TimeoutError."""
        loop, patience = QEventLoop(), QDeadlineTimer(PATIENCE_MS)
        while not holds():
            loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if patience.hasExpired():
                raise TimeoutError

    def until_painted(self, widget: QWidget) -> None:
        """Run the event loop until a widget has been painted."""
        self.painted = False
        widget.installEventFilter(self)
        widget.update()
        self.until(lambda: self.painted)
        widget.removeEventFilter(self)

    def wait(self, ms: int) -> None:
        """Run the event loop for a while."""
        pause = QDeadlineTimer(ms)
        self.until(pause.hasExpired)


def press(widget: QWidget, letter: str) -> None:
    """Press a key of this letter."""
    key, none = Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, none, letter))


def frames(watch: Stopwatch, view: QAbstractItemView) -> Figures:
    """Scroll by the wheel's step and by leaps, and time each frame."""
    bar, draw, times = view.verticalScrollBar(), random.Random(2), []
    for number in range(FRAMES):
        leaps = number % 3 == 0
        place = draw.randrange(bar.maximum() + 1) if leaps else bar.value() + WHEEL
        begun = watch.start()
        bar.setValue(place)
        view.viewport().repaint()
        times.append(time.perf_counter() - begun)
    times.sort()
    bar.setValue(0)
    return {
        "frame, median": median(times),
        "frame, 95 of 100": times[FRAMES * 95 // 100],
        "frame, the longest": times[-1],
    }


def typed(watch: Stopwatch, box: QPlainTextEdit) -> Figures:
    """Type with pauses in which a program may save, and time each key until it is painted."""
    times, processor = [], []
    watch.start()
    for number in range(KEYS):
        begun, worked = time.perf_counter(), time.thread_time()
        press(box, "abcdefg "[number % 8])
        watch.until_painted(box.viewport())
        times.append(time.perf_counter() - begun)
        processor.append(time.thread_time() - worked)
        watch.wait(WRITTEN_AFTER_MS if number % 20 == 19 else KEY_EVERY_MS)
    return {
        "key in the editor, median": median(times),
        "key in the editor, the longest": max(times),
        "key, median of the processor": median(processor),
        "key, longest of the processor": max(processor),
        "held up while typing and saving": watch.longest_gap,
    }


# The program


class Tab:
    """The program's window with the Examples tab in front."""

    def __init__(self, folder: Path) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL)
        # As in the program: garbage is collected by its own timer.
        gc.disable()
        QStandardPaths.setTestModeEnabled(True)
        self.application = QApplication([])
        self.program = Program(
            self.application, Places(folder / "config", folder / "engine", folder)
        )
        self.program.window.resize(*WINDOW)
        self.program.window.show()
        self.watch = Stopwatch()
        self.list = self.program.desk.conversations
        self.panel = self.program.examples_page.list_panel
        self.rows = self.panel.view.viewport()
        self.watch.until_painted(self.program.window)
        gc.freeze()

    def open(self, path: Path) -> Figures:
        """Open a project three times; the first is thrown away, as it loads what was not needed."""
        first, gaps = [], []
        for _ in range(3):
            self.program.open_project.close()
            self.watch.wait(50)
            begun = self.watch.start()
            self.program.open_project.open(path)
            self.watch.until(lambda: self.list.rowCount() > 0)
            self.watch.until_painted(self.rows)
            first.append(time.perf_counter() - begun)
            self.watch.until(lambda: not self.list.is_searching)
            self.watch.wait(100)
            gaps.append(self.watch.longest_gap)
        return {"open until rows are painted": median(first[1:]), "held up": median(gaps[1:])}

    def settle(self) -> bool:
        """Let the work that follows upon opening come to its end; return whether it did."""
        patience = QDeadlineTimer(REST_MS)
        self.watch.until(lambda: self.is_at_rest() or patience.hasExpired())
        return self.is_at_rest()

    def is_at_rest(self) -> bool:
        """Whether nothing goes on in the background."""
        return self.program.runner.running == 0 and self.program.desk.checks.is_current

    def search(self, word: str, name: str) -> Figures:
        """Put a word in the search box as by one key, three times."""
        first, whole, gaps = [], [], []
        for _ in range(3):
            self.panel.search.clear()
            self.watch.until(lambda: not self.list.filter.text and not self.list.is_searching)
            self.watch.wait(100)
            begun = self.watch.start()
            self.found = False
            self.list.settled.connect(self._note_found)
            self.panel.search.setText(word)
            self.watch.until(lambda: self.found)
            self.watch.until_painted(self.rows)
            first.append(time.perf_counter() - begun)
            self.list.settled.disconnect(self._note_found)
            self.watch.until(lambda: not self.list.is_searching)
            whole.append(time.perf_counter() - begun)
            gaps.append(self.watch.longest_gap)
        return {
            f"search, first {name} results": median(first),
            f"search, all {name} results": median(whole),
            f"search, held up ({name})": median(gaps),
        }

    def _note_found(self) -> None:
        self.found |= bool(self.list.filter.text) and self.list.rowCount() > 0

    def search_again(self) -> Figures:
        """Change the word while it is looked for: the scan before is given up."""
        self.panel.search.setText("no conversation has these words")
        self.watch.until(lambda: self.list.is_searching)
        self.watch.wait(20)
        found = self.search(COMMON, "next")
        self.panel.search.clear()
        self.watch.until(lambda: not self.list.filter.text and not self.list.is_searching)
        return {"search, first after the next key": found["search, first next results"]}

    def edit(self) -> Figures:
        """Switch, type, tag and undo."""
        editor = self.program.examples_page.editor
        found = self._switch()
        found |= typed(self.watch, editor.card(1).text)
        id = self.list.ids[1]
        self.program.desk.write()
        found["tag one"] = self._timed(
            lambda: self.program.desk.marking.change([id], Marks(add=("billing",)))
        )
        found["undo"] = self._timed(self.program.desk.undo)
        return found

    def _switch(self) -> Figures:
        times, editor = [], self.program.examples_page.editor
        for place in range(1, 40):
            begun = self.watch.start()
            self.panel.view.setCurrentIndex(self.list.index(place, 0))
            self.watch.until_painted(editor.card(1).text.viewport())
            times.append(time.perf_counter() - begun)
            self.watch.wait(20)
        self.panel.view.setCurrentIndex(self.list.index(1, 0))
        return {"another conversation, median": median(times), "the longest": max(times)}

    def _timed(self, act: Callable[[], object]) -> float:
        begun = self.watch.start()
        act()
        self.watch.until_painted(self.rows)
        took = time.perf_counter() - begun
        self.watch.wait(WRITTEN_AFTER_MS)
        return took

    def close(self) -> None:
        """End the program."""
        self.program.shut_down()


def measure(folder: Path) -> Figures:
    """Take all figures of the program on one set."""
    tab = Tab(folder)
    found = tab.open(folder / "set.exemplar")
    if not tab.settle():
        print("  (tokens were counted and conversations checked meanwhile)")
    found |= tab.search(COMMON, "common") | tab.search(RARE, "rare") | tab.search_again()
    found |= frames(tab.watch, tab.panel.view)
    found |= tab.edit()
    tab.close()
    return found


# The plain program


def load(path: Path) -> list[list[str]]:
    """Read the texts of all conversations."""
    with path.open(encoding="utf-8") as file:
        return [[each["content"] for each in json.loads(text)["messages"]] for text in file]


def fill(model: QStandardItemModel, texts: list[list[str]]) -> None:
    """Have a model show a title for each."""
    model.clear()
    for messages in texts:
        model.appendRow(QStandardItem(messages[1]))


def measure_naive(folder: Path) -> Figures:
    """Take the figures that the plain program has too."""
    gc.disable()
    application = QApplication([])
    view, box, watch, model = QListView(), QPlainTextEdit(), Stopwatch(), QStandardItemModel()
    view.setUniformItemSizes(True)
    view.setModel(model)
    box.setPlainText(TEXTS[0])
    for widget in (view, box):
        widget.resize(WINDOW[0] // 2, WINDOW[1])
        widget.show()
    watch.until_painted(box)
    begun = watch.start()
    texts = load(folder / "set.jsonl")
    fill(model, texts)
    watch.until_painted(view.viewport())
    found = {"open until rows are painted": time.perf_counter() - begun}
    found |= frames(watch, view)
    for name, word in (("common", COMMON), ("rare", RARE)):
        begun = watch.start()
        fill(model, [each for each in texts if any(word in text.lower() for text in each)])
        watch.until_painted(view.viewport())
        # The plain program shows the first when it has them all.
        found[f"search, first {name} results"] = time.perf_counter() - begun
        found[f"search, all {name} results"] = found[f"search, first {name} results"]
    found |= typed(watch, box)
    begun = watch.start()
    with (folder / "naive.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in texts)
    found["tag one"] = found["undo"] = time.perf_counter() - begun
    del application
    return found


def report(n: int) -> Figures:
    """Make a set of n, measure both programs on it, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart(write_set, folder, n)
        size = (folder / "set.jsonl").stat().st_size
        print(f"{n:,} conversations, {size / 1e6:.1f} MB", flush=True)
        naive = apart(measure_naive, folder)
        found = apart(measure, folder)
    for what, ours in found.items():
        theirs = naive.get(what)
        beside = f"  plain {1000 * theirs:10.1f} ms ({theirs / ours:.2f} x)" if theirs else ""
        print(f"  {what:36} {1000 * ours:9.1f} ms{beside}", flush=True)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    opened = {n: report(n)["open until rows are painted"] for n in sizes}
    small, large = min(opened), max(opened)
    ratio = opened[large] / opened[small]
    print(f"{large // small:,} times the set: rows are painted after {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
