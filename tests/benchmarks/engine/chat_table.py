"""Chat beside llama-cpp-python at F16, and changing between tuned models of one base."""

from tests.benchmarks.engine import sets
from tests.benchmarks.engine.children import Answer, answering, ask
from tests.benchmarks.engine.contest import Contest
from tests.benchmarks.engine.training_table import NUMPY, train_with_numpy

MOST_TOKENS = 96
PROMPTS = 8
SHARING = 4
"""How many tuned models share the base."""


def print_table(contest: Contest) -> None:
    """Answer the same prompts."""
    learned, _ = sets.sample()
    train = contest.file("chat-train", learned)
    while len(contest.adapters) < SHARING:
        train_with_numpy(contest, train, batch=4)
    adapters = contest.adapters[:SHARING]
    threads = int(answering()["OPENBLAS_NUM_THREADS"])
    request = {
        "model": str(contest.model),
        "adapters": [str(adapter) for adapter in adapters],
        "prompts": contest.file("prompts", [chat[:2] for chat in learned[:PROMPTS]]),
        "most": MOST_TOKENS,
    }
    ours = [ask("chat_ours", request, variables=answering()) for _ in range(contest.rounds)]
    print(f"\nChat, {PROMPTS} prompts, greedy, an adapter applied, {threads} threads")
    best = _print(NUMPY, ours)
    print(
        f"  {SHARING} tuned models in turn: {ours[0]['switch'] * 1e3:.0f} ms to change, at most"
        f" {max(run['worst_switch'] for run in ours) * 1e3:.0f};"
        f" {ours[0]['more_mb']:.0f} MB more than one"
    )
    if not contest.baseline_has("llama_cpp"):
        return
    asked = {
        "model": str(contest.merged_gguf(adapters[0])),
        "prompts": ours[0]["prompts"],
        "most": MOST_TOKENS,
        "threads": threads,
    }
    assert contest.baseline is not None
    theirs = [ask("chat_llama", asked, python=contest.baseline) for _ in range(contest.rounds)]
    other = _print("llama-cpp-python, F16", theirs)
    same = sum(a == b for a, b in zip(ours[0]["texts"], theirs[0]["texts"], strict=True))
    print(
        f"  {best['rate'] / other['rate']:.2f} x its tokens/s, {best['first'] / other['first']:.2f}"
        f" x its time to the first; {same} of {PROMPTS} texts the same"
    )


def _print(name: str, runs: list[Answer]) -> Answer:
    run = sorted(runs, key=lambda run: float(run["rate"]))[len(runs) // 2]
    print(
        f"  {name:22} {run['rate']:5.1f} tokens/s; first after {run['first'] * 1e3:.0f} ms;"
        f" peak {run['peak_mb']:.0f} MB; others used {run['others']:.0%} of the processors"
    )
    return run
