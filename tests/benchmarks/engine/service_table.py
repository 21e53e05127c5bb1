"""How long the service takes to answer, and what memory it holds."""

from statistics import median

from tests.benchmarks.engine.children import ask
from tests.benchmarks.engine.contest import Contest


def print_table(contest: Contest) -> None:
    """Start it some times."""
    runs = [ask("service", {"model": str(contest.model)}) for _ in range(contest.rounds)]
    print("\nThe service")
    print(
        f"  first answer {median(run['listed'] for run in runs):.2f} s after its start, from a"
        f" model {median(run['chatted'] for run in runs):.2f} s; {runs[0]['idle_mb']:.0f} MB before"
        f" a model is loaded, {runs[0]['loaded_mb']:.0f} MB after"
    )
