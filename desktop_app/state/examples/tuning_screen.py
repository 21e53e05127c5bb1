"""Whether training is the right means, asked of the training conversations by a worker."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from desktop_app.background.call import BlockingWork, Report
from desktop_app.core.evaluation.report import model_figures
from desktop_app.core.examples.should_tune import MOST_LOOKED_AT, Assessment, TuningScreen
from desktop_app.core.examples.should_tune import should_tune as assess
from desktop_app.state.evaluation.document import KIND, decode
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split


def assessing(path: Path) -> BlockingWork:
    """Make the work whose result is a list of Assessment."""

    def work(_report: Report, should_stop: Callable[[], bool]) -> list[Assessment]:
        screen = TuningScreen()
        with closing(Project.open(path, shared=True)) as project:
            for n, (_, conversation) in enumerate(project.as_trained(Split.TRAINING)):
                if should_stop() or n == MOST_LOOKED_AT:
                    break
                screen.add(conversation)
            return assess(screen.facts(base_score(project)))

    return work


def base_score(project: Project) -> float | None:
    """Return what share of the test the untrained model got right when it was last evaluated."""
    for kept in project.documents(KIND):
        try:
            document = decode(kept.body)
        except msgspec.DecodeError:
            continue
        for choice, outcomes in zip(document.models, document.outcomes, strict=False):
            if not choice.is_tuned:
                figures = model_figures(document.cases, outcomes)
                if figures.exact is not None:
                    return figures.exact.value
    return None
