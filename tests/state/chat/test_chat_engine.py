"""Chat and Evaluate with the real engine, which trains a tiny model first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from typing_extensions import override

from desktop_app.background.call import Report
from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.chat.document import DONE, STOPPED
from desktop_app.state.evaluation.document import DONE as EVALUATED
from desktop_app.state.jobs.plan import JobPlan
from desktop_app.storage.settings import THIS_COMPUTER
from tests.engine.tiny_model import write_tiny_model
from tests.state.chat.chat_bench import Bench, conversation

TRAINING = [conversation(f"what is {n} and {n}", f"the answer is {n}") for n in range(12)]
TEST = [conversation(f"what is {n} and one", f"the answer is {n}") for n in range(6)]


class EngineBench(Bench):
    """The engine in place of the service."""

    @override
    def make_engine(self) -> EngineProcess:
        folder = self.path.parent
        model = write_tiny_model(folder / "tiny.gguf")
        self.engine = EngineProcess(folder / "engine", starter_model=model)
        return self.engine

    def stop_engine(self) -> None:
        async def stop(_report: Report) -> None:
            await self.engine.stop()

        with self.qtbot.waitSignal(self.runner.run(stop).finished, timeout=20_000):
            pass


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[EngineBench]:
    with EngineBench(qtbot, tmp_path, training=TRAINING, test=TEST) as bench:
        bench.connections.set_active(THIS_COMPUTER)
        try:
            bench.until(lambda: bool(bench.connections.base_model), timeout=30_000)
            yield bench
        finally:
            bench.stop_engine()


def train(bench: Bench) -> None:
    passes = Hyperparameters(n_epochs=4, batch_size=2, learning_rate_multiplier=5.0)
    plan = JobPlan("Sums", THIS_COMPUTER, bench.connections.base_model, passes, 1, True)
    assert bench.jobs.submit(plan)
    bench.until(lambda: bool(bench.evaluation.choices.tuned), timeout=90_000)


def test_a_model_trained_here_is_talked_to_and_measured(bench: EngineBench) -> None:
    train(bench)
    bench.chat.start_new()
    bench.chat.choose_model(bench.chat.choices.tuned[0])
    bench.chat.choose_against(bench.chat.choices.base)
    bench.chat.set_longest_reply(20)
    bench.say("what is 3 and 3")
    tuned, base = bench.chat.document.turns[0].replies
    assert (tuned.state, base.state) == (DONE, DONE)
    assert tuned.tokens is not None
    assert 0 < tuned.tokens <= 20
    bench.evaluation.run()
    bench.until(lambda: not bench.evaluation.is_running, timeout=60_000)
    bench.evaluated()
    assert bench.evaluation.current is not None
    assert bench.evaluation.current.state == EVALUATED
    assert bench.evaluation.report is not None
    learned, before = bench.evaluation.report.models[:2]
    assert learned.loss is not None
    assert before.loss is not None
    assert learned.loss.value < before.loss.value
    bench.chat.set_longest_reply(400)
    bench.chat.send("count")

    def has_begun() -> bool:
        # A model of 300 tokens may as well end at once.
        reply = bench.chat.document.turns[-1].replies[0]
        return bool(reply.text) or reply.state == DONE

    bench.until(has_begun)
    bench.chat.stop()
    assert bench.chat.document.turns[-1].replies[0].state in (STOPPED, DONE)
