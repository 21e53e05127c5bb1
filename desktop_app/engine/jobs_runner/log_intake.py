"""Takes what a worker logs into the store."""

from desktop_app.core.jobs.job import JobError
from desktop_app.engine.jobs_runner.job_life import JobLife, add_event
from desktop_app.engine.jobs_runner.results import Results
from desktop_app.engine.jobs_runner.worker_exit import model_error
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    Line,
    LogReader,
    Measured,
    NotSaved,
    Planned,
    Refused,
    Started,
    Unusable,
)
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.facts import set_fact

SPEED_FACT = "training_tokens_per_second"


class LogIntake:
    """Every line may come twice, after a kill of the worker or of the service."""

    def __init__(self, database: Database, life: JobLife, results: Results) -> None:
        self._database = database
        self._life = life
        self._results = results

    def take(self, job_id: str, reader: LogReader) -> None:
        """Take the lines added since the last time, all in one transaction."""
        lines = list(reader.lines())
        if not lines:
            return
        with self._database.transaction():
            for line in lines:
                self._take_line(job_id, reader.path.stem, line)

    def _take_line(self, job_id: str, attempt: str, line: Line) -> None:
        match line:
            case Started():
                self._life.started(job_id, attempt, line)
            case Planned():
                self._planned(job_id, line)
            case Refused():
                message = f"Example {line.example} does not fit the model's chat template."
                self._life.fail(
                    job_id, JobError(code="invalid_training_file", message=message, param=line.file)
                )
            case Unusable():
                self._life.fail(job_id, model_error(line.why))
            case Measured():
                self._life.measured(job_id, line)
            case NotSaved():
                self._life.not_saved(job_id, line)
            case Exported():
                self._results.exported(job_id, line)
            case Done():
                self._results.succeeded(job_id, line)
                if line.tokens_per_second is not None:
                    set_fact(self._database, SPEED_FACT, str(line.tokens_per_second))

    def _planned(self, job_id: str, line: Planned) -> None:
        message = plan_message(line)
        level = "warn" if line.again else "info"
        with self._database.transaction() as connection:
            add_event(connection, job_id, f"planned:{message}", message, level=level)


def plan_message(line: Planned) -> str:
    """Word how a job uses the machine."""
    how = f"on {line.device}, in {line.precision}, up to {line.pack_tokens:,} tokens at a time"
    if line.again:
        return f"Memory ran out. Training goes on more slowly from the last saved state, {how}"
    if line.saves_memory:
        return f"Training {how}; memory is short, so that some of the work is done twice"
    return f"Training {how}"
