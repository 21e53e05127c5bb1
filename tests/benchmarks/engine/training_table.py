"""Training beside TRL: tokens a second, held-out loss, memory; and where the time goes."""

from dataclasses import dataclass
from statistics import median

from desktop_app.engine.jobs_runner.settings import PEAK_LEARNING_RATE, resolve
from desktop_app.engine.store.records import RunHyperparameters
from tests.benchmarks.engine.children import (
    Answer,
    ChildError,
    another_busy_process,
    ask,
    nothing_else,
    training,
)
from tests.benchmarks.engine.contest import Contest

EPOCHS = 1
TRL, NUMPY, TORCH = "TRL", "engine, NumPy", "engine, torch"
TORCH_MODULES = ("torch", "transformers", "desktop_app.engine.backends.torch_models.backend")
COMPANY = {"nothing": nothing_else, "busy": another_busy_process}


@dataclass(frozen=True)
class _Lesson:
    """What is learned and held out, as files, and in which batches the engine takes it."""

    train: str
    held: str
    batch: int


def print_table(contest: Contest) -> None:
    """Train on both sets, alone and beside a busy process."""
    names = [NUMPY]
    if contest.baseline_has(*TORCH_MODULES):
        names.append(TORCH)
    if contest.baseline_has("trl", "datasets"):
        names.append(TRL)
    for name, (learned, held) in contest.sets.items():
        print(f"\nTraining, {name}: {len(learned)} conversations, {len(held)} held out")
        # A part of an epoch is learned with the settings of the whole.
        batch = resolve(RunHyperparameters(), contest.whole[name]).batch_size
        assert batch is not None
        files = contest.file(f"{name}-train", learned), contest.file(f"{name}-held", held)
        lesson = _Lesson(*files, batch)
        for beside in contest.beside:
            runs = {name: list[Answer]() for name in names}
            for _ in range(contest.rounds):
                _take_turns(contest, lesson, beside, runs)
            _print_runs(
                contest, lesson, beside, {name: each for name, each in runs.items() if each}
            )
        _print_parts(contest, lesson)


def _take_turns(
    contest: Contest, lesson: _Lesson, beside: str, runs: dict[str, list[Answer]]
) -> None:
    for name, done in runs.items():
        adapter = contest.new_adapter()
        try:
            with COMPANY[beside]():
                done.append(_run(contest, name, lesson, adapter) | {"adapter": adapter})
        except ChildError as error:
            print(f"  left out: {name}: {error}")


def train_with_numpy(contest: Contest, train: str, batch: int) -> None:
    """Make one more adapter."""
    _run(contest, NUMPY, _Lesson(train, "", batch), contest.new_adapter())


def _run(contest: Contest, name: str, lesson: _Lesson, adapter: str) -> Answer:
    request = {"train": lesson.train, "adapter": adapter, "epochs": EPOCHS}
    if name == NUMPY:
        request |= {"model": str(contest.model), "batch": lesson.batch, "backend": "numpy"}
        return ask("train_ours", request, variables=training())
    assert contest.baseline is not None
    if name == TORCH:
        request |= {"model": str(contest.model), "batch": lesson.batch, "backend": "torch"}
        return ask("train_ours", request, python=contest.baseline, variables=training())
    request |= {"model": str(contest.base_folder), "rate": PEAK_LEARNING_RATE}
    return ask("train_trl", request, python=contest.baseline)


def _print_runs(
    contest: Contest, lesson: _Lesson, beside: str, runs: dict[str, list[Answer]]
) -> None:
    tokens = runs[NUMPY][0]["tokens"]
    adapters = ["", *(each[-1]["adapter"] for each in runs.values())]
    request = {"model": str(contest.model), "held": lesson.held, "adapters": adapters}
    before, *losses = ask("held_out", request, variables=training())["losses"]
    speeds = {name: tokens / median(run["seconds"] for run in each) for name, each in runs.items()}
    print(f"  beside {beside}; {tokens} tokens; held-out loss before {before:.3f}")
    for (name, each), loss in zip(runs.items(), losses, strict=True):
        worst, best = (tokens / pick(run["seconds"] for run in each) for pick in (max, min))
        of_core = tokens / median(run["processor_seconds"] for run in each)
        ratio = f"; {speeds[name] / speeds[TRL]:.2f} x TRL" if TRL in runs and name != TRL else ""
        print(
            f"    {name:14} {speeds[name]:5.0f} tokens/s ({worst:.0f} to {best:.0f}),"
            f" {of_core:4.0f} a second of a core; held-out loss {loss:.3f};"
            f" peak {max(run['peak_mb'] for run in each):5.0f} MB;"
            f" others used {median(run['others'] for run in each):.0%}{ratio}"
        )
    share = median(run["checkpoint_share"] for run in runs[NUMPY])
    print(f"    checkpoints take {share:.1%} of the time")


def _print_parts(contest: Contest, lesson: _Lesson) -> None:
    request = {"model": str(contest.model), "train": lesson.train, "batch": lesson.batch}
    found = ask("parts", request, variables=training(1))
    print(
        f"  NumPy on one thread: {found['tokens_per_second']:.0f} tokens/s;"
        f" {found['read']:.0%} of them are read, beginnings in common once;"
        f" where a matmul does {found['gflops']:.0f} Gflop/s, {found['of_6n']:.0%} of the 6 N"
        f" floor, {found['of_lora']:.0%} of LoRA's"
    )
    print("    " + ", ".join(f"{part} {share:.0%}" for part, share in found["shares"].items()))
