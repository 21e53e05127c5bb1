from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_app.core.evaluation.report import Case, Outcome
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.core.examples.should_tune import Assessment
from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.evaluation.document import KIND, EvaluationDocument, encode
from desktop_app.state.examples import tuning_screen
from desktop_app.state.examples.tuning_screen import assessing, base_score
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

BASE = ModelChoice("local", "base", "Base")
TUNED = ModelChoice("local", "tuned", "Tuned", submission="one")
CASES = tuple(Case(str(n), n, f"case {n}", "asked", "wanted") for n in range(10))


def talk(number: int) -> Conversation:
    words = f"parcel {'x' * (number % 7)} shop {'y' * (number % 5)}"
    reply = f"We will gladly look for the {words} that you have asked us for today."
    return Conversation((Message("user", f"Where is the {words}?"), Message("assistant", reply)))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "one.exemplar")
    yield project
    project.close()


def ask(project: Project, should_stop: Callable[[], bool] = lambda: False) -> list[Assessment]:
    found = assessing(project.path)(lambda _: None, should_stop)
    assert isinstance(found, list)
    return found


def codes(project: Project) -> list[str]:
    return [assessment.code for assessment in ask(project)]


def outcomes(n_right: int) -> dict[str, Outcome]:
    return {
        case.key: Outcome(reply="wanted" if n < n_right else "another")
        for n, case in enumerate(CASES)
    }


def keep(project: Project, id: str, at: float, *models: tuple[ModelChoice, int]) -> None:
    """Keep an evaluation of models, each with the number of cases that it got right."""
    document = EvaluationDocument(
        id, at, tuple(model for model, _ in models), CASES, "f", "done",
        tuple(outcomes(n_right) for _, n_right in models),
    )  # fmt: skip
    project.save_document(KIND, id, document.title, encode(document))


def test_a_handful_is_better_written_into_the_instructions(project: Project) -> None:
    project.add([talk(number) for number in range(12)])
    few = [each for each in ask(project) if each.code == "few_examples"]
    assert [each.detail for each in few] == ["12"]


def test_only_what_is_trained_on_is_asked(project: Project) -> None:
    ids = project.add([talk(number) for number in range(60)])
    assert "few_examples" not in codes(project)
    project.set_split(ids[:20], Split.TEST)
    few = [each for each in ask(project) if each.code == "few_examples"]
    assert [each.detail for each in few] == ["40"]


def test_of_very_many_the_first_are_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.add([talk(number) for number in range(60)])
    monkeypatch.setattr(tuning_screen, "MOST_LOOKED_AT", 5)
    assert [each.detail for each in ask(project) if each.code == "few_examples"] == ["5"]


def test_it_stops_when_told(project: Project) -> None:
    project.add([talk(number) for number in range(60)])
    assert [each.detail for each in ask(project, lambda: True)] == ["0"]


def test_shared_instructions_are_among_what_is_trained_on(project: Project) -> None:
    project.add([talk(number) for number in range(60)])
    project.set_instructions(SharedInstructions(whole_project="Be warm, brief and exact."))
    assert "few_examples" not in codes(project)


def test_without_an_evaluation_nothing_is_known_of_the_base_model(project: Project) -> None:
    assert base_score(project) is None


def test_the_score_of_the_untrained_model_counts(project: Project) -> None:
    project.add([talk(number) for number in range(60)])
    keep(project, "a", 1.0, (TUNED, 10), (BASE, 10))
    assert base_score(project) == 1.0
    assert "base_model_is_good" in codes(project)


def test_the_newest_evaluation_of_it_counts(project: Project) -> None:
    keep(project, "old", 1.0, (BASE, 10))
    keep(project, "new", 2.0, (BASE, 4))
    # Here it was not asked at all.
    keep(project, "last", 3.0, (TUNED, 9))
    assert base_score(project) == pytest.approx(0.4)


def test_an_evaluation_that_cannot_be_read_is_passed_over(project: Project) -> None:
    keep(project, "old", 1.0, (BASE, 7))
    project.save_document(KIND, "new", "x", "{")
    assert base_score(project) == pytest.approx(0.7)
