"""Which conversations are kept for the test: the steps that choose them."""

from collections.abc import Sequence
from contextlib import closing

from desktop_app.core.examples.advice.near_duplicates import MOST_COMPARED, NearDuplicates
from desktop_app.core.examples.split import Placed, choose_test
from desktop_app.state.examples.bulk_edit import Step, StepControl
from desktop_app.state.examples.set_advice import TextFacts
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter
from desktop_app.storage.project.set_facts import SetFacts


def choosing_share(share: float, *, keep_held: bool, known: TextFacts | None = None) -> Step:
    """Make the step that keeps a share of each tag; near duplicates stay on one side.

    With `keep_held` what is held out already stays so, and only what is missing is added. The near
    duplicates of `known` are taken as they are, if the texts still are those.
    """

    def step(project: Project, control: StepControl) -> None:
        with closing(SetFacts.open(project.path)) as facts:
            groups = _near_duplicates(project, facts, known, control)
            if control():
                return
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


def _near_duplicates(
    project: Project, facts: SetFacts, known: TextFacts | None, control: StepControl
) -> Sequence[Sequence[int]]:
    fingerprint = facts.fingerprint()
    if known is not None and known.fingerprint == fingerprint:
        return known.near_groups
    if fingerprint[0] > MOST_COMPARED:
        return []
    near = NearDuplicates()
    for done, (id_, conversation) in enumerate(project.conversations()):
        if control():
            return []
        near.add(id_, conversation)
        control.tell(done + 1, fingerprint[0])
    return near.groups(control)
