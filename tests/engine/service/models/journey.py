"""The whole way of a model: fetched, trained, asked, taken out, removed. All over HTTP."""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai.types.fine_tuning import FineTuningJob
from openai.types.fine_tuning.job_create_params import Hyperparameters

from tests.engine.service.engine_child import Engine, example_lines, running_engine
from tests.engine.service.hub_calls import begin, until
from tests.engine.service.model_hub import Repository, model_hub
from tests.engine.service.own_api import Caller

SOUND_CARD = {"README.md": b"---\nlicense: apache-2.0\n---\nA model.", "LICENSE": b"The licence."}
HYPERPARAMETERS = Hyperparameters(n_epochs=2, batch_size=4, learning_rate_multiplier=5.0)
LEARNED = "what is 3 and 4"


def files_of(folder: Path) -> dict[str, bytes]:
    """Return a folder as a repository's files."""
    return SOUND_CARD | {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def engine_beside_hub(
    place: Path, token_file: Path, starter: Path, repositories: dict[str, dict[str, bytes]]
) -> Iterator[tuple[Engine, Caller]]:
    """Run a service in a process of its own, and the hub that it fetches from.

    A repository without an owner is the maker's.
    """
    named = {
        (name if "/" in name else f"maker/{name}").replace("/", "__"): Repository(files)
        for name, files in repositories.items()
    }
    with pytest.MonkeyPatch.context() as patch, model_hub(**named) as hub:
        patch.delenv("HF_TOKEN", raising=False)
        patch.setenv("HF_ENDPOINT", hub.address)
        with running_engine(place / "s", token_file, starter) as engine:
            caller = Caller(engine.base_url)
            try:
                yield engine, caller
            finally:
                caller.close()


class Journey:
    """The way of one model of the hub; each step is checked where it is taken."""

    def __init__(self, engine: Engine, caller: Caller, name: str) -> None:
        self.engine = engine
        self.caller = caller
        self.name = name
        self.hub = f"maker/{name}"

    def fetch(self) -> None:
        """Look the model up, accept its licence, wait until it is here."""
        assert self._entry() == ("missing", True, None)
        assert self.caller.ask("POST", "fetches", {"hub": self.hub})[0] == 400
        assert begin(self.caller, self.hub)[0] == 202
        until(self.caller, lambda entry: entry["state"] in {"ready", "failed"}, self.hub)
        assert self._entry() == ("ready", True, None)
        base = self._base()
        assert base["hub"] == self.hub
        assert base["licence_accepted_at"] is not None
        assert self.name in self._models()

    def train(self) -> FineTuningJob:
        """Upload examples and train on them."""
        file = self.engine.upload(example_lines(16))
        made = self.engine.client.fine_tuning.jobs.create(
            model=self.name, training_file=file, seed=3, hyperparameters=HYPERPARAMETERS
        )
        job = self.engine.finished(made.id, 150)
        assert job.status == "succeeded", job.error
        losses = [loss for _, loss in self.engine.losses(job.id)]
        assert len(losses) == 8
        assert losses[-1] < losses[0]
        tuned = str(job.fine_tuned_model)
        assert tuned.startswith(f"ft:{self.name}:local:")
        assert tuned in self._models()
        return job

    def score(self, model: str) -> float:
        """Return log p of a question as it was trained with its reply."""
        messages = [
            {"role": "user", "content": LEARNED},
            {"role": "assistant", "content": "the answer is 3"},
        ]
        asked = {"model": model, "messages": messages, "add_generation_prompt": False}
        tokens = self.engine.post("/tokenize", asked)["tokens"]
        answer = self.engine.client.completions.create(
            model=model, prompt=tokens, max_tokens=1, echo=True, logprobs=0
        )
        logprobs = answer.choices[0].logprobs
        assert logprobs is not None
        assert logprobs.token_logprobs is not None
        return math.fsum(logprobs.token_logprobs[1 : len(tokens)])

    def chat(self, model: str) -> str:
        """Ask a model, and return what it says."""
        answer = self.engine.client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": LEARNED}],
            max_tokens=12,
            temperature=0,
        )
        assert answer.usage is not None
        assert answer.usage.completion_tokens > 0
        return answer.choices[0].message.content or ""

    def take_out(self, job: FineTuningJob, target: Path) -> Path:
        """Take the tuned model out, merged; return its folder."""
        target.mkdir()
        done = self.caller.exported(job.fine_tuned_model, "merged", target, floats="float32")
        assert (done["status"], done["error"]) == ("succeeded", None)
        made = Path(done["path"])
        card = (made / "README.md").read_text()
        assert f'base_model: "{self.hub}"' in card
        assert re.search(r"licence \(apache-2\.0.*\) was accepted on 20\d\d-", card)
        return made

    def take_in(self, folder: Path, name: str) -> None:
        """Take a folder as a base model of this name."""
        source = folder.rename(folder.parent / name)
        assert self.caller.ask("POST", "models", {"path": str(source)}) == (201, {"id": name})
        assert name in self._models()

    def remove(self, store: Path) -> None:
        """Remove the base model: not as long as a tuned model needs it."""
        tuned = [model for model in self._models() if model.startswith(f"ft:{self.name}:")]
        status, body = self.caller.ask("DELETE", f"bases/{self.name}")
        assert (status, body["error"]["code"]) == (409, "base_in_use")
        assert re.search(
            rf"The tuned model {tuned[0]}.* cannot answer without {self.name}\. Delete what was",
            body["error"]["message"],
        )
        for model in tuned:
            assert self.engine.client.models.delete(model).deleted
        assert self.caller.ask("DELETE", f"bases/{self.name}")[0] == 200
        assert not (store / "models" / self.name).exists()
        assert self.name not in self._models()
        assert self._entry() == ("missing", True, None)

    def _entry(self) -> tuple[str, bool, str | None]:
        status, entry = self.caller.ask("GET", f"hub?name={self.hub}")
        assert status == 200, entry
        return entry["state"], entry["fits_training"], entry["why"]

    def _base(self) -> dict[str, object]:
        bases = self.caller.ask("GET", "bases")[1]["bases"]
        found: dict[str, object] = next(base for base in bases if base["id"] == self.name)
        return found

    def _models(self) -> list[str]:
        return [model.id for model in self.engine.client.models.list()]


def go_all_the_way(journey: Journey, place: Path) -> None:
    """Fetch a model, train it, ask it, take it out and in again, and remove it."""
    journey.fetch()
    before = journey.score(journey.name)
    job = journey.train()
    tuned = str(job.fine_tuned_model)
    after = journey.score(tuned)
    assert after > before + 1
    assert journey.score(journey.name) == pytest.approx(before, abs=1e-3)
    reply = journey.chat(tuned)
    merged = journey.take_out(job, place / "out")
    assert json.loads((merged / "config.json").read_bytes())["model_type"]
    journey.take_in(merged, "merged-again")
    assert journey.score("merged-again") == pytest.approx(after, rel=0.01)
    assert journey.chat("merged-again") == reply
    journey.remove(journey.engine.store)
