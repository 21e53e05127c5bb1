"""How the first attempt at a job used the machine, kept so that the later ones do the same.

How many tokens are read at once, and in which numbers, is planned by the memory that is free, and
sums differ in their last bits with it: an attempt on a busier day would not come to the same end.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from desktop_app.engine.backends.backend import Plan, Trainer
from desktop_app.engine.jobs_runner import ranks
from desktop_app.engine.jobs_runner.job_folder import PLAN
from desktop_app.engine.store.durable import write_durably


@dataclass(frozen=True)
class KeptPlan:
    """A plan, and how many processes followed it."""

    plan: Plan
    processes: int

    def is_for(self, trainer: Trainer) -> bool:
        """Whether a run can be as it was: by as many processes, a lone one on the same device.

        Several must come to the same answer, and each knows but its own device.
        """
        alone = self.processes == 1
        return self.processes == ranks.count() and (
            not alone or trainer.plan.device == self.plan.device
        )


def kept(folder: Path) -> KeptPlan | None:
    """Return what a job's folder holds; None before the first attempt."""
    try:
        return msgspec.json.decode((folder / PLAN).read_bytes(), type=KeptPlan)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def follow(trainer: Trainer, folder: Path, *, saves_memory: bool) -> None:
    """Let a trainer do as the attempts before, or with less memory than they; keep how it does.

    Raises OSError.
    """
    before = kept(folder)
    if before is not None and before.is_for(trainer):
        trainer.take_up(before.plan)
    if saves_memory:
        trainer.save_memory()
    now = KeptPlan(trainer.plan, ranks.count())
    if now != before:
        write_durably(folder / PLAN, msgspec.json.encode(now))
