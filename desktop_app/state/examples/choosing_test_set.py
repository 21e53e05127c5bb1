"""Which conversations are kept for the test: the steps that choose them."""

from contextlib import closing

from desktop_app.core.examples.advice.near_duplicates import NearDuplicates
from desktop_app.core.examples.split import Placed, choose_test
from desktop_app.state.examples.bulk_edit import Step, StepControl
from desktop_app.state.examples.set_advice import MOST_COMPARED
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter
from desktop_app.storage.project.set_facts import SetFacts


def choosing_share(share: float, *, keep_held: bool) -> Step:
    """Make the step that keeps a share of each tag; near duplicates stay on one side.

    With `keep_held` what is held out already stays so, and only what is missing is added.
    """

    def step(project: Project, control: StepControl) -> None:
        groups = _near_duplicates(project, control)
        if control():
            return
        with closing(SetFacts.open(project.path)) as facts:
            placed = list(facts.placed(groups, anew=not keep_held))
        if keep_held:
            placed = [_free_unless_held(each) for each in placed]
        project.assign_split(choose_test(placed, share))

    return step


def choosing_tag(tag: str) -> Step:
    """Make the step that keeps all conversations with a tag for the test, and no others."""

    def step(project: Project, _control: StepControl) -> None:
        project.assign_split(project.ids(Filter(tag=tag)))

    return step


def _free_unless_held(example: Placed) -> Placed:
    return example if example.is_test else example._replace(is_test=None)


def _near_duplicates(project: Project, control: StepControl) -> list[list[int]]:
    total = project.counts().conversations
    if total > MOST_COMPARED:
        return []
    near = NearDuplicates()
    for done, (id_, conversation) in enumerate(project.conversations()):
        if control():
            return []
        near.add(id_, conversation)
        control.tell(done + 1, total)
    return near.groups(control)
