"""Models on their way from the engine itself into a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.provider_texts import in_words
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.state.jobs.saving import ModelSaving, ModelSavings, SavingPhase
from desktop_app.storage.settings import THIS_COMPUTER
from tests.engine.tiny_model import write_tiny_model
from tests.state.jobs.job_bench import Bench

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    model = write_tiny_model(tmp_path / "tiny.gguf")
    with Bench(qtbot, tmp_path, monkeypatch, starter_model=model) as bench:
        bench.connections.set_active(THIS_COMPUTER)
        bench.until(lambda: bench.connections.base_model != "", timeout=30_000)
        yield bench
        stopping = bench.connections.engine.stop()
        qtbot.waitSignal(stopping.finished, timeout=15_000).wait()


@pytest.fixture
def savings(bench: Bench) -> ModelSavings:
    return ModelSavings(bench.connections, bench.runner, bench)


@pytest.fixture
def trained(bench: Bench) -> str:
    plan = JobPlan("Harbour", THIS_COMPUTER, bench.connections.base_model, Hyperparameters(1), 1)
    submission = bench.jobs.submit(plan)
    bench.until(lambda: bench.jobs.active_count == 0, timeout=60_000)
    return submission


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "My models"
    folder.mkdir()
    return folder


def is_in(saving: ModelSaving, phase: SavingPhase) -> bool:
    return saving.phase is phase


def ready(bench: Bench, saving: ModelSaving) -> ModelSaving:
    bench.until(lambda: saving.phase is not SavingPhase.ASKING, timeout=15_000)
    return saving


def ended(bench: Bench, saving: ModelSaving) -> None:
    bench.until(lambda: saving.phase is not SavingPhase.SAVING, timeout=30_000)


def test_a_model_is_saved_with_its_card(
    bench: Bench, savings: ModelSavings, trained: str, folder: Path
) -> None:
    record = bench.record(trained)
    assert savings.can_save(record)
    saving = ready(bench, savings.begin(record))
    assert [form.kind for form in saving.forms] == ["adapter", "merged", "gguf-f16", "gguf-q8_0"]
    assert saving.taken("gguf-q8_0", folder) is None
    saving.save("gguf-q8_0", folder)
    saving.save("merged", folder)  # one at a time
    assert is_in(saving, SavingPhase.SAVING)
    ended(bench, saving)
    assert is_in(saving, SavingPhase.DONE)
    assert saving.problem == ""
    assert saving.path is not None
    assert [path.name for path in folder.iterdir()] == [saving.path.name]
    card = (saving.path / "README.md").read_text()
    assert "# Harbour" in card
    assert record.version_name
    assert record.version_name in card
    assert saving.taken("gguf-q8_0", folder) == saving.path
    saving.save("gguf-q8_0", folder)
    ended(bench, saving)
    assert is_in(saving, SavingPhase.FAILED)
    assert "is there already" in saving.problem
    saving.save("gguf-q8_0", folder, replace=True)
    ended(bench, saving)
    assert is_in(saving, SavingPhase.DONE)


def test_a_model_kept_after_a_pass_is_saved(
    bench: Bench, savings: ModelSavings, folder: Path
) -> None:
    plan = JobPlan("Harbour", THIS_COMPUTER, bench.connections.base_model, Hyperparameters(2), 1)
    submission = bench.jobs.submit(plan)
    bench.until(lambda: bench.jobs.active_count == 0, timeout=60_000)
    record = bench.record(submission)
    final, first = savings.kept(record)
    assert record.job is not None
    assert final.model == record.job.fine_tuned_model
    assert first.name == f"As it was after step {record.checkpoints[0].step}"
    saving = ready(bench, savings.begin(record))
    saving.choose(first.model)
    assert is_in(saving, SavingPhase.ASKING)
    ready(bench, saving).save("adapter", folder)
    saving.choose(final.model)  # one at a time
    ended(bench, saving)
    assert is_in(saving, SavingPhase.DONE)
    assert saving.model.model == first.model


def test_what_stands_in_the_way_is_told_in_the_engines_words(
    bench: Bench, savings: ModelSavings, trained: str, folder: Path
) -> None:
    saving = ready(bench, savings.begin(bench.record(trained)))
    saving.save("merged", folder / "missing")
    ended(bench, saving)
    assert saving.problem == "There is no folder at this path."
    saving.save("merged", folder)
    ended(bench, saving)
    assert is_in(saving, SavingPhase.DONE)


def test_cancelling_leaves_nothing(
    bench: Bench, savings: ModelSavings, trained: str, folder: Path
) -> None:
    saving = ready(bench, savings.begin(bench.record(trained)))
    saving.save("merged", folder)
    saving.cancel()
    bench.until(lambda: saving.phase is SavingPhase.READY, timeout=15_000)
    assert saving.path is None
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_an_engine_that_has_died_is_told(
    bench: Bench, savings: ModelSavings, trained: str, folder: Path, qtbot: QtBot
) -> None:
    saving = ready(bench, savings.begin(bench.record(trained)))
    stopping = bench.connections.engine.stop()
    qtbot.waitSignal(stopping.finished, timeout=15_000).wait()
    saving.save("adapter", folder)  # it is started again
    ended(bench, saving)
    assert is_in(saving, SavingPhase.DONE)


def test_only_models_of_this_computer_can_be_saved(bench: Bench, savings: ModelSavings) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    assert not savings.can_save(bench.record(submission))
    bench.service.finish(job_id)
    bench.until(lambda: bench.status(submission) == "succeeded")
    assert not savings.can_save(bench.record(submission))
    saving = savings.begin(bench.record(submission))
    bench.until(lambda: saving.phase is SavingPhase.FAILED)
    assert saving.problem == "This service does not offer that. Another connection may."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ProviderError(ErrorKind.SERVICE_FAULT, "There is not enough space."), "not enough space"),
        (ProviderError(ErrorKind.SERVICE_FAULT), "Something failed"),
        (ProviderError(ErrorKind.ENGINE_FAILED, "Killed"), "Killed"),
    ],
)
def test_words_for_errors(error: ProviderError, said: str) -> None:
    assert said in in_words(error)
