"""The Examples desk on sets of 1,000, 100,000 and 1,000,000 conversations, and the sample.

The baselines are what a program does that keeps its examples in memory (`json.loads` of each line,
then a search through the list) and `pandas.read_json`. Each part runs in a process of its own, so
that none finds the memory of another. `--sizes 1000,100000` is a shorter run, `--no-file` leaves
out the file of 500 MB.
"""

import argparse
import gc
import json
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple, ParamSpec, TypeVar

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.formats.detect import HEAD, detect
from desktop_app.state.examples.exchange.importing import Answer, ImportPlan, importer
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

P = ParamSpec("P")
T = TypeVar("T")
SAMPLE = Path(__file__).parents[2] / "resources/samples/harbour.jsonl"
SIZES = (1_000, 100_000, 1_000_000)
ROWS = 60
"""So many conversations a list shows at once."""

REPEATS = 5
LARGE_FILE = 500_000_000
PANDAS_UP_TO = 200_000
EDITS_EVERY_S = 0.05

# The sets: several scripts, 200 to 1,500 bytes each

COMMON, RARE = "parcel", "zirconium"
"""Words to look for: in nearly every English example, and in one of 5,000 examples."""

RARE_EVERY = 5000
VARIANTS = 4000
SYSTEM = "You answer for a shop. Be warm, brief and exact."
# Text, what stands between its words, and how many of ten examples are in it.
SCRIPTS = (
    (
        "We have written to the carrier about your parcel; the shop is open from nine to six.",
        " ",
        5,
    ),
    ("Ihr Paket ist unterwegs und wird spätestens übermorgen zugestellt; danke schön.", " ", 1),
    ("طلبك في الطريق إليك وسوف يصل خلال يومين من الآن شكرا على صبرك", " ", 1),
    ("ご注文の荷物は現在配送中です。お届けまでもう少々お待ちください。返品は無料です。", "", 1),
    ("Ваша посылка уже в пути и будет доставлена завтра. Возврат бесплатный.", " ", 1),
    ("आपका पार्सल रास्ते में है और कल तक पहुँच जाएगा। वापसी निःशुल्क है।", " ", 1),
)


def write_set(path: Path, n: int) -> None:
    """Write n examples as chat JSONL, in the encodings of JSON that people have."""
    variants = list(_variants())
    with path.open("w", encoding="utf-8") as file:
        for number in range(n):
            before, after = variants[number * 7919 % VARIANTS]
            rare = f"{RARE} " if number % RARE_EVERY == RARE_EVERY // 2 else ""
            file.write(f"{before}{rare}{number}{after}\n")


def _variants() -> Iterator[tuple[str, str]]:
    """Make lines, cut where a number goes into the question."""
    draw = random.Random(3)
    for number in range(VARIANTS):
        text, gap, _ = draw.choices(SCRIPTS, [share for *_, share in SCRIPTS])[0]
        words = text.split() if gap else list(text)
        of_each = sum(len(word.encode()) for word in words) / len(words) + len(gap)
        turns = draw.choice((1, 1, 1, 2))
        n_words = max(8, round((draw.randint(200, 1500) - 130 * turns) / of_each / turns))
        messages = [{"role": "system", "content": SYSTEM}] if number % 2 else []
        for turn in range(turns):
            asked = gap.join(draw.choices(words, k=n_words // 4))
            mark = " #" if turn == 0 else ""
            messages += [
                {"role": "user", "content": f"{asked}{mark}"},
                {"role": "assistant", "content": gap.join(draw.choices(words, k=n_words * 3 // 4))},
            ]
        line = json.dumps({"messages": messages}, ensure_ascii=number % 4 == 0)
        before, after = line.split("#")
        yield before, after


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work in a fresh process and return what it answers."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of some runs."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


class Spent(NamedTuple):
    """Seconds by the clock, and of the processor here and in processes that were started.

    The latter hardly depend on who else works.
    """

    clock: float
    processor: float
    workers: float

    @property
    def least(self) -> float:
        """By the clock, if each process had a core to itself and never waited."""
        return max(self.processor, self.workers / max(1, (os.cpu_count() or 1) - 1))


def spent(work: Callable[[], object]) -> Spent:
    """Time one run; processes that it starts are over when it returns."""
    clock, processor, before = time.perf_counter(), time.process_time(), os.times()
    work()
    passed = [now - then for now, then in zip(os.times(), before, strict=True)]
    here = time.process_time() - processor
    return Spent(time.perf_counter() - clock, here, passed[2] + passed[3])


def peak_bytes() -> int:
    """Return the most memory that this process has had, and the largest that it started."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_maxrss for used in both) * (1 if sys.platform == "darwin" else 1024)


def show(what: str, ours: float, baselines: dict[str, float] | None = None) -> None:
    """Print a time beside those of the baselines and the ratios."""
    beside = "".join(
        f"  {name} {1000 * theirs:.1f} ms ({theirs / ours:.1f} x)"
        for name, theirs in (baselines or {}).items()
    )
    print(f"  {what:34} {1000 * ours:9.1f} ms{beside}", flush=True)


# Baselines


def load(jsonl: Path) -> list[dict[str, list[dict[str, str]]]]:
    """Read a file the plain way."""
    with jsonl.open("rb") as file:
        return [json.loads(line) for line in file]


def decode_all(jsonl: Path) -> None:
    """Decode each line, and keep nothing."""
    with jsonl.open("rb") as file:
        for line in file:
            json.loads(line)


def look(examples: list[dict[str, list[dict[str, str]]]], word: str) -> Iterator[int]:
    """Search the plain way."""
    for number, example in enumerate(examples):
        if any(word in message["content"].lower() for message in example["messages"]):
            yield number


def first_of(examples: list[dict[str, list[dict[str, str]]]], word: str) -> list[int]:
    """Search the plain way for as many as a list shows."""
    return list(islice(look(examples, word), ROWS))


def measure_naive(jsonl: Path) -> dict[str, float]:
    """Time loading and searching in memory."""
    gc.disable()
    found = {"load": seconds(lambda: load(jsonl), 1)}
    examples = load(jsonl)
    for name, word in (("common", COMMON), ("rare", RARE)):
        found[f"first {name}"] = seconds(partial(first_of, examples, word))
    found["all common"] = seconds(lambda: sum(1 for _ in look(examples, COMMON)), 1)
    return found


def measure_pandas(jsonl: Path) -> float:
    """Time pandas until it has the examples."""
    import pandas as pd  # in this process alone

    return seconds(lambda: pd.read_json(jsonl, lines=True), 1)


# What is measured


def bring_in(path: Path, jsonl: Path) -> None:
    """Import a file into a project that is there, as the program does."""
    with jsonl.open("rb") as file:
        reading = Reading(detect(file.read(HEAD), jsonl.name))
    plan = ImportPlan(Source.of_file(jsonl), reading, 0.2)
    importer(path, plan, Answer())(lambda _: None, lambda: False)


def measure_import(path: Path, jsonl: Path) -> tuple[Spent, Spent]:
    """Time json.loads over all lines, and the import."""
    # As in the program, where garbage is collected elsewhere.
    gc.disable()
    warm = path.with_name("warm.exemplar")
    for project in (warm, path):
        Project.create(project).close()
    bring_in(warm, SAMPLE)
    warm.unlink()
    return spent(lambda: decode_all(jsonl)), spent(lambda: bring_in(path, jsonl))


def measure_memory(path: Path, jsonl: Path) -> int:
    """Return how many bytes an import adds to the peak of a process."""
    Project.create(path).close()
    small = jsonl.with_name("small.jsonl")
    write_set(small, 2000)
    bring_in(path, small)
    before = peak_bytes()
    bring_in(path, jsonl)
    return peak_bytes() - before


def measure_editing_meanwhile(path: Path, jsonl: Path) -> list[float]:
    """Return how long each edit took that was made while a worker imported."""
    with closing(Project.create(path)) as project:
        talk = Conversation((Message("user", "Hello"), Message("assistant", "Hello.")))
        (first,) = project.add([talk])
        worker = threading.Thread(target=bring_in, args=(path, jsonl))
        worker.start()
        times: list[float] = []
        while worker.is_alive():
            changed = Conversation((Message("user", f"Hello {len(times)}"), *talk.messages[1:]))
            times.append(seconds(partial(project.replace, first, changed), 1))
            worker.join(EDITS_EVERY_S)
        return times


def first_rows(path: Path) -> None:
    """Open a project as far as a list needs it."""
    with closing(Project.open(path)) as project:
        project.rows(project.ids()[:ROWS], "o200k_base")


def cancelled_after(project: Project, delay: float) -> float:
    """Return the seconds from the next keystroke until the search has ended."""
    until = time.perf_counter() + delay
    list(
        project.search(
            Filter(text="no example has these words"),
            limit=None,
            stop=lambda: time.perf_counter() > until,
        )
    )
    return max(0.0, time.perf_counter() - until)


def measure_project(path: Path) -> dict[str, float]:
    """Time opening and searching."""
    gc.disable()
    found = {"open": seconds(lambda: Project.open(path).close())}
    found["rows"] = seconds(lambda: first_rows(path))
    with closing(Project.open(path)) as project:

        def search(word: str, limit: int | None = ROWS) -> None:
            list(project.search(Filter(text=word), limit=limit, stop=lambda: False))

        for name, word in (("common", COMMON), ("rare", RARE)):
            found[f"first {name}"] = seconds(partial(search, word), 3)
        found["all common"] = seconds(lambda: search(COMMON, None), 3)
        found["cancel"] = max(cancelled_after(project, delay / 100) for delay in range(1, 6))
    return found


def measure_checks(path: Path) -> dict[str, float]:
    """Time looking all conversations through, and one again."""
    # Not above: the processes of an import load this file too, and these load much.
    from desktop_app.state.examples.set_advice import advising_on_the_set
    from desktop_app.state.examples.set_review import reviewing

    gc.disable()
    found = {
        "review": seconds(lambda: reviewing(path, None)(lambda _: None, lambda: False), 1),
        "set": seconds(
            lambda: advising_on_the_set(path, None, None)(lambda _: None, lambda: False), 1
        ),
    }
    with closing(Project.open(path)) as project:
        first = project.ids()[0]
        changed = Conversation((Message("user", "Hello"), Message("assistant", "Hello.")))
        project.replace(first, changed)
        found["one"] = seconds(lambda: reviewing(path, [first])(lambda _: None, lambda: False), 1)
    return found


def measure_versions(path: Path) -> dict[str, float]:
    """Time keeping a version, comparing with it and going back to it."""
    gc.disable()
    with closing(Project.open(path)) as project:
        found = {"save": seconds(lambda: project.save_version("first"), 1)}
        (version,) = project.versions()
        ids = project.ids()
        project.delete(ids[: len(ids) // 100])
        found["compare"] = seconds(lambda: project.compare(version.id, None))
        found["restore"] = seconds(lambda: project.restore_version(version.id), 1)
    return found


# The report


def report(folder: Path, jsonl: Path, what: str) -> float:
    """Print all that is measured of one set; return the seconds until its list is there."""
    path = folder / f"{jsonl.stem}.exemplar"
    lines = sum(1 for _ in jsonl.open("rb"))
    print(f"{what}: {lines:,} conversations, {jsonl.stat().st_size / 1e6:.1f} MB")
    decoding, importing = apart(measure_import, path, jsonl)
    naive = apart(measure_naive, jsonl)
    whole = {"json.loads": naive["load"]}
    if lines <= PANDAS_UP_TO:
        whole["pandas"] = apart(measure_pandas, jsonl)
    print(
        f"  import {importing.clock:.2f} s, json.loads alone {decoding.clock:.2f} s:"
        f" {importing.clock / decoding.clock:.2f} x by the clock;"
        f" {lines / importing.clock:,.0f} a second"
    )
    print(
        f"  of the processor {importing.processor:.2f} s, in workers {importing.workers:.2f} s,"
        f" json.loads {decoding.processor:.2f} s: on cores of their own"
        f" {importing.least / decoding.processor:.2f} x"
    )
    found = apart(measure_project, path)
    show("open", found["open"])
    show("open until the list can be scrolled", found["rows"], whole)
    for name in ("first common", "first rare", "all common"):
        show(f"search, {name} results", found[name], {"in memory": naive[name]})
    show("search, until it is cancelled", found["cancel"])
    if lines <= PANDAS_UP_TO:
        checks = apart(measure_checks, path)
        show("checks of each conversation", checks["review"])
        show("checks of the whole set", checks["set"])
        show("one conversation checked again", checks["one"])
    versions = apart(measure_versions, path)
    show("save a version", versions["save"])
    show("compare with it", versions["compare"])
    show("go back to it (1 % deleted)", versions["restore"])
    edits = apart(measure_editing_meanwhile, folder / "edited.exemplar", jsonl)
    (folder / "edited.exemplar").unlink()
    show(f"edit while importing, median of {len(edits)}", median(edits))
    show("edit while importing, the longest", max(edits))
    return found["rows"]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--no-file", action="store_true")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    opened = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report(folder, SAMPLE, "The sample")
        for size in sizes:
            jsonl = folder / f"{size}.jsonl"
            write_set(jsonl, size)
            opened[size] = report(folder, jsonl, "A generated set")
            for file in (jsonl, folder / f"{size}.exemplar"):
                file.unlink()
        if not asked.no_file:
            large = folder / "large.jsonl"
            write_set(large, VARIANTS)
            write_set(large, LARGE_FILE * VARIANTS // large.stat().st_size)
            added = apart(measure_memory, folder / "large.exemplar", large)
            print(f"A file of {large.stat().st_size / 1e6:.0f} MB: the import adds", end=" ")
            print(f"{added / 1e6:.0f} MB to the peak of memory")
    small, large_set = min(opened), max(opened)
    print(f"{large_set // small:,} times the set:", end=" ")
    print(f"the list is there after {opened[large_set] / opened[small]:.1f} times as long")


if __name__ == "__main__":
    main()
