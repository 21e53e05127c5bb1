"""Opening a project until its first rows can be painted, for 1,000 and 100,000 conversations.

The baseline is what a program does that keeps its examples in a JSONL file: json.loads of each
line. Opening itself must not grow with the set; the list of ids may.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project

SIZES = (1_000, 100_000)
REPEATS = 5
FILLER = "We have written to the carrier and will answer as soon as they do. " * 10


def talks(n: int) -> Iterator[Conversation]:
    """Make conversations of about a kilobyte each."""
    system = Message("system", "You answer for a shop. Be warm, brief and exact.")
    for number in range(n):
        question = Message("user", f"Where is my parcel {number}?")
        yield Conversation((system, question, Message("assistant", f"{number}: {FILLER}")))


def best(work: Callable[[], object]) -> float:
    """Return the shortest of some runs in milliseconds."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)


def measure(folder: Path, n: int) -> tuple[float, float, float]:
    """Return milliseconds to open, to first rows, and for the baseline."""
    path, jsonl = folder / f"{n}.exemplar", folder / f"{n}.jsonl"
    project = Project.create(path)
    project.import_conversations(
        talks(n), source="", test_share=0.2, progress=lambda _: None, stop=lambda: False
    )
    project.close()
    jsonl.write_text("".join(f"{line(talk)}\n" for talk in talks(n)), encoding="utf-8")

    def first_rows() -> None:
        opened = Project.open(path)
        assert len(opened.rows(opened.ids()[:60], "o200k_base")) == 60
        opened.close()

    def all_lines() -> None:
        with jsonl.open(encoding="utf-8") as file:
            assert len([json.loads(text) for text in file]) == n

    return best(lambda: Project.open(path).close()), best(first_rows), best(all_lines)


def main() -> None:
    """Print the times and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        found = {n: measure(Path(folder), n) for n in SIZES}
    for n, (opening, rows, baseline) in found.items():
        print(
            f"{n:>9,} conversations: open {opening:.1f} ms, first rows {rows:.1f} ms,"
            f" json.loads of all lines {baseline:.1f} ms ({baseline / rows:.1f} x)"
        )
    small, large = (found[n] for n in SIZES)
    print(f"{SIZES[1] // SIZES[0]} times the set: open {large[0] / small[0]:.2f} x,")
    print(f"  first rows {large[1] / small[1]:.1f} x, json.loads {large[2] / small[2]:.1f} x")


if __name__ == "__main__":
    main()
